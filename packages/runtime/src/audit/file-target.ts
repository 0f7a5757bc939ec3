import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from "node:fs";
import { ServingError } from "../errors.ts";
import { type LineTarget, type OnTrouble, takeEach } from "./line-target.ts";

/** How often it is looked whether the file was moved away, in milliseconds. */
const ROTATION_CHECK_MS = 1_000;

/**
 * Opens "stdout", or a file (mode 0600) to which each line is appended in one write, so that the lines of several workers do not mix.
 *
 * A file that is renamed, as rotation does, is followed by a new one within a second, or at once by `reopen`. Pipes never block: one whose reader is slow takes nothing.
 * Throws FAILED_PRECONDITION when the file can't be opened at the start.
 */
export function openFileTarget(options: {
  readonly sink: string;
  /** Monotonic milliseconds. */
  now(): number;
  readonly onTrouble?: OnTrouble | undefined;
}): LineTarget {
  return new FileTarget(options);
}

class FileTarget implements LineTarget {
  readonly #sink: string;
  readonly #now: () => number;
  readonly #onTrouble: OnTrouble | undefined;
  #descriptor: number;
  readonly #isRegular: boolean;
  #checkedMs: number;
  #isFailing = false;
  #isClosed = false;
  /** A line of which only so many bytes were written. */
  #begun: { readonly line: Buffer; readonly bytes: number } | undefined;

  constructor({ sink, now, onTrouble }: Parameters<typeof openFileTarget>[0]) {
    this.#sink = sink;
    this.#now = now;
    this.#onTrouble = onTrouble;
    this.#descriptor = openSink(sink);
    this.#isRegular = fstatSync(this.#descriptor).isFile();
    this.#checkedMs = now();
  }

  get isFailing(): boolean {
    return this.#isFailing;
  }

  hasRoom(): boolean {
    return true;
  }

  take(line: Buffer): boolean {
    // Its number may be another file's by now.
    if (this.#isClosed) return false;
    if (this.#now() - this.#checkedMs >= ROTATION_CHECK_MS) this.#followRename();
    const begun = this.#begun;
    const { bytes, skipped, lead } = remainder(line, begun);
    const { written, trouble } = writeAll(this.#descriptor, bytes);
    // A full disk, a closed pipe, or one whose reader is slow.
    const isFailing = written < bytes.length;
    if (!isFailing) this.#begun = undefined;
    else if (written > lead) this.#begun = { line, bytes: skipped + written - lead };
    if (isFailing !== this.#isFailing) this.#onTrouble?.(trouble);
    this.#isFailing = isFailing;
    return !isFailing;
  }

  takeAll(lines: readonly string[]): number {
    // Into a pipe several writers' lines stay whole one by one only: what is longer than 4 KiB may be cut.
    if (!this.#isRegular || this.#begun !== undefined) return takeEach(this, lines);
    const bytes = Buffer.from(lines.join(""));
    if (this.take(bytes)) return lines.length;
    // How many lines a full disk has left room for; the one that it cut counts as lost.
    const written = bytes.subarray(0, this.#writtenOf(bytes));
    return written.toString("latin1").split("\n").length - 1;
  }

  #writtenOf(line: Buffer): number {
    return this.#begun?.line === line ? this.#begun.bytes : 0;
  }

  probe(line: Buffer): void {
    this.take(line);
  }

  reopen(): void {
    this.#followRename();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    if (this.#descriptor !== STDOUT) closeSync(this.#descriptor);
    return Promise.resolve();
  }

  /** Takes the file that bears the name now. */
  #followRename(): void {
    this.#checkedMs = this.#now();
    if (this.#sink === "stdout") return;
    try {
      if (statSync(this.#sink, { throwIfNoEntry: false })?.ino === fstatSync(this.#descriptor).ino) return;
      const fresh = openSink(this.#sink);
      closeSync(this.#descriptor);
      this.#descriptor = fresh;
      this.#begun = undefined;
    } catch {
      // The folder is gone or closed to us: the file that is open still takes every record.
    }
  }
}

const NEWLINE = Buffer.from("\n");

/** What is to be written for a line: the rest of it if it was begun; another one that was begun gets an end of its own first, or this one would be lost with it. */
function remainder(
  line: Buffer,
  begun: { readonly line: Buffer; readonly bytes: number } | undefined,
): { readonly bytes: Buffer; readonly skipped: number; readonly lead: number } {
  if (begun === undefined) return { bytes: line, skipped: 0, lead: 0 };
  if (begun.line === line) return { bytes: line.subarray(begun.bytes), skipped: begun.bytes, lead: 0 };
  return { bytes: Buffer.concat([NEWLINE, line]), skipped: 0, lead: NEWLINE.length };
}

const STDOUT = 1;
/** The open flag keeps a pipe without a reader from holding the whole process up, and one whose reader is slow. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

function openSink(sink: string): number {
  if (sink === "stdout") return openStdout();
  try {
    return openSync(sink, APPEND | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `security.audit.file: ${JSON.stringify(sink)} can't be opened for appending: create its folder and let this user write there`,
      { cause },
    );
  }
}

/** Of a pipe a second end of our own, which does not block; the first one may be shared with other processes. */
function openStdout(): number {
  try {
    return fstatSync(STDOUT).isFIFO() ? openSync("/proc/self/fd/1", APPEND) : STDOUT;
  } catch {
    // No such place on this system, or the pipe belongs to somebody else: the first end serves too.
    return STDOUT;
  }
}

/** Tries of one write to a pipe whose reader is slow for a moment. */
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
