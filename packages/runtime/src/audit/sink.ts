import { closeSync, openSync, writeSync } from "node:fs";
import { ServingError } from "../errors.ts";
import type { AuditRecord } from "./record.ts";

/** Where audit records go. */
export interface AuditSink {
  /** Whether calls must be refused because a record could not be written (`mode: strict`). */
  readonly blocked: boolean;
  /** Records that could not be written. */
  readonly dropped: number;
  write(record: AuditRecord): void;
  /** Opens the file anew, after it was rotated. */
  reopen(): void;
  close(): void;
}

/**
 * Opens a sink: "stdout", or a file (mode 0600) to which each record is appended in one write, so that the lines of several workers do not mix.
 *
 * `drop` counts records that can't be written; `strict` refuses calls from the first such record until one can be written again. Throws FAILED_PRECONDITION when the file can't be
 * opened at the start.
 */
export function openAuditSink(options: { readonly sink: string; readonly mode: "drop" | "strict" }): AuditSink {
  const { sink, mode } = options;
  let descriptor = openTarget(sink);
  let failing = false;
  let dropped = 0;

  const append = (line: string): void => {
    try {
      writeAll(descriptor, line);
      failing = false;
    } catch {
      // A full disk or a closed pipe: counted here, and in strict mode the next call is refused.
      failing = true;
      dropped += 1;
    }
  };
  return {
    get blocked() {
      if (mode === "strict" && failing)
        append(`${JSON.stringify({ time: new Date().toISOString(), event: "audit_retry" })}\n`);
      return mode === "strict" && failing;
    },
    get dropped() {
      return dropped;
    },
    write: (record) => append(`${JSON.stringify(record)}\n`),
    reopen: () => {
      if (sink === "stdout") return;
      const fresh = openTarget(sink);
      closeSync(descriptor);
      descriptor = fresh;
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

/** Tries of one write to a pipe whose reader is slow for a moment; past them the record counts as lost, since a stuck reader must not hang the worker. */
const MAX_TRIES = 100;

function writeAll(descriptor: number, line: string): void {
  const bytes = Buffer.from(line);
  let tries = 0;
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (cause) {
      tries += 1;
      if ((cause as NodeJS.ErrnoException).code !== "EAGAIN" || tries > MAX_TRIES) throw cause;
    }
  }
}
