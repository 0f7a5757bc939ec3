import { closeSync, fstatSync, openSync, statSync, writeSync } from "node:fs";
import { ServingError } from "../errors.ts";
import type { LostCallRecord } from "./lost-call.ts";
import type { AuditRecord } from "./record.ts";

/** Where audit records go. */
export interface AuditSink {
  /** Whether calls must be refused because a record could not be written (`mode: strict`). */
  readonly blocked: boolean;
  /** Appends one line; "lost" when it can't be written, "refused" when the call must not be answered because of that (`mode: strict`). */
  write(record: AuditRecord | LostCallRecord): "written" | "lost" | "refused";
  close(): void;
}

/** How often it is looked whether the file was moved away, in milliseconds. */
const ROTATION_CHECK_MS = 1_000;

/**
 * Opens a sink: "stdout", or a file (mode 0600) to which each record is appended in one write, so that the lines of several workers do not mix.
 *
 * A file that is renamed, as rotation does, is followed by a new one within a second. With `strict` no call is answered whose record can't be written, and none
 * is begun until a line can be written again. Throws FAILED_PRECONDITION when the file can't be opened at the start.
 */
export function openAuditSink(options: {
  readonly sink: string;
  readonly mode: "drop" | "block" | "strict";
  /** Monotonic milliseconds. */
  now(): number;
  /** Told once when records can't be written any more, with the reason, and once, with undefined, when they can be again. */
  onTrouble?(reason: unknown): void;
}): AuditSink {
  const { sink, mode, now, onTrouble } = options;
  let descriptor = openTarget(sink);
  let checkedMs = now();
  let failing = false;
  let isTorn = false;

  const append = (content: object): void => {
    if (sink !== "stdout" && now() - checkedMs >= ROTATION_CHECK_MS) {
      checkedMs = now();
      descriptor = followRename(descriptor, sink);
    }
    // What was begun of a line gets an end of its own, or the next one would be lost with it.
    const end = isTorn ? "\n" : "";
    const line = Buffer.from(`${end}${toLine(content)}\n`);
    const { written, trouble } = writeAll(descriptor, line);
    const wasFailing = failing;
    // A full disk or a closed pipe.
    failing = written < line.length;
    if (written > 0) isTorn = failing && written > end.length;
    if (failing !== wasFailing) onTrouble?.(trouble);
  };
  return {
    get blocked() {
      if (mode === "strict" && failing) append({ time: new Date().toISOString(), event: "audit_retry" });
      return mode === "strict" && failing;
    },
    write: (record) => {
      append(record);
      if (!failing) return "written";
      return mode === "strict" ? "refused" : "lost";
    },
    close: () => {
      if (sink !== "stdout") closeSync(descriptor);
    },
  };
}

function openTarget(sink: string): number {
  if (sink === "stdout") return 1;
  try {
    return openSync(sink, "a", 0o600);
  } catch (cause) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `security.audit.file: ${JSON.stringify(sink)} can't be opened for appending: create its folder and let this user write there`,
      { cause },
    );
  }
}

/** The descriptor of the file that bears the name now. */
function followRename(descriptor: number, path: string): number {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino) return descriptor;
    const fresh = openTarget(path);
    closeSync(descriptor);
    return fresh;
  } catch {
    // The folder is gone or closed to us: the file that is open still takes every record.
    return descriptor;
  }
}

/** JSON escapes C0 control characters only; terminals obey C1 as well, and some readers of lines end them at U+2028. */
function toLine(content: object): string {
  return JSON.stringify(content).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Tries of one write to a pipe whose reader is slow for a moment; past them the record counts as lost, since a stuck reader must not hang the worker. */
const MAX_TRIES = 100;

/** Gives how many of the bytes were written, and why not all of them. */
function writeAll(descriptor: number, bytes: Uint8Array): { readonly written: number; readonly trouble?: unknown } {
  let tries = 0;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (cause) {
      tries += 1;
      if ((cause as NodeJS.ErrnoException).code !== "EAGAIN" || tries > MAX_TRIES) return { written, trouble: cause };
    }
  }
  return { written };
}
