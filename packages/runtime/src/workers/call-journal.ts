import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServingError } from "../errors.ts";

/** The supervisor's side of a file in which a worker notes the calls that are open in it: what stands there when it has died was lost with it. */
export interface CallJournal {
  /** For `openCallNotes`, which takes the name away. */
  readonly path: string;
  /** The notes that were not cleared. */
  read(): readonly string[];
  close(): void;
}

/** The worker's side. A note costs one write to memory of the system, so that it outlives the process however that ends. */
export interface CallNotes {
  /** Writes a note, in place of that in `slot` when one is given; gives its slot. A text that is longer than 16 KB is cut. */
  note(text: string, slot?: number): number;
  /** Takes a note away, in the next turn of the event loop at the latest. */
  clear(slot: number): void;
}

/** A slot holds the length of its note in bytes (32 bits, little-endian; 0 when it is free), then the note in UTF-8. Untouched parts of the file take no room. */
const SLOT_BYTES = 16_384;
const LENGTH_BYTES = 4;
/** Where memory is, else where temporary files go. */
const FOLDERS = ["/dev/shm", tmpdir()];

/** Makes an empty file that only this user can read. Throws FAILED_PRECONDITION when there is no folder for it. */
export function createCallJournal(folders: readonly string[] = FOLDERS): CallJournal {
  const { path, descriptor } = createFile(folders);
  return {
    path,
    read() {
      const slots = Math.ceil(fstatSync(descriptor).size / SLOT_BYTES);
      return Array.from({ length: slots }, (_, slot) => readSlot(descriptor, slot)).filter((text) => text !== "");
    },
    close() {
      closeSync(descriptor);
      removeName(path);
    },
  };
}

/** Opens a journal for notes and takes its name away: it is gone with the two processes. */
export function openCallNotes(path: string): CallNotes {
  const descriptor = openSync(path, "r+");
  removeName(path);
  const buffer = Buffer.alloc(SLOT_BYTES);
  const nothing = Buffer.alloc(LENGTH_BYTES);
  const free: number[] = [];
  // Cleared and not yet overwritten: under load the next note does that, and saves a write.
  const ended: number[] = [];
  let slots = 0;
  const wipe = (): void => {
    for (let slot = ended.pop(); slot !== undefined; slot = ended.pop()) {
      writeSync(descriptor, nothing, 0, LENGTH_BYTES, slot * SLOT_BYTES);
      free.push(slot);
    }
  };
  return {
    note(text, slot = ended.pop() ?? free.pop() ?? slots++) {
      const length = buffer.write(text, LENGTH_BYTES);
      buffer.writeUInt32LE(length, 0);
      writeSync(descriptor, buffer, 0, LENGTH_BYTES + length, slot * SLOT_BYTES);
      return slot;
    },
    clear(slot) {
      if (ended.length === 0) setImmediate(wipe);
      ended.push(slot);
    },
  };
}

function createFile(folders: readonly string[]): { readonly path: string; readonly descriptor: number } {
  for (const folder of folders) {
    const path = join(folder, `bento-calls-${randomUUID()}`);
    try {
      return { path, descriptor: openSync(path, "wx+", 0o600) };
    } catch {
      // Not there, or not writable: the next one.
    }
  }
  throw new ServingError("FAILED_PRECONDITION", `no file can be made in ${folders.join(" or ")}`);
}

function readSlot(descriptor: number, slot: number): string {
  const length = Buffer.alloc(LENGTH_BYTES);
  readSync(descriptor, length, 0, LENGTH_BYTES, slot * SLOT_BYTES);
  const note = Buffer.alloc(Math.min(length.readUInt32LE(0), SLOT_BYTES - LENGTH_BYTES));
  readSync(descriptor, note, 0, note.length, slot * SLOT_BYTES + LENGTH_BYTES);
  return note.toString();
}

function removeName(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The other side was first.
  }
}
