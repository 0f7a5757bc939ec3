import type { AuditRecord, CallIdentity } from "./record.ts";

interface CallNote extends CallIdentity {
  /** Since the epoch. */
  readonly startedMs: number;
}

/** What is noted of a call as long as it is open, from what `toIdentityText` gave; `startedMs` counts from the epoch. At most 16 KB, since its texts are cut. */
export function toCallNote(identity: string, startedMs: number): string {
  return `${identity.slice(0, -1)},"startedMs":${startedMs}}`;
}

/** The record of a call that ended with its worker; nobody knows how many bytes it had, nor was it answered. */
export interface LostCallRecord extends Omit<AuditRecord, "status" | "grpcCode" | "bytesIn" | "reason"> {
  readonly decision: "error";
  readonly reason: "WORKER_DIED";
  readonly status: null;
  readonly grpcCode: null;
  readonly bytesIn: null;
}

/** Makes the record from the note that the worker left, at the time at which its death was seen; undefined for a note that was not written whole. */
export function toLostCallRecord(text: string, time: Date): LostCallRecord | undefined {
  const note = parseNote(text);
  if (note === undefined) return undefined;
  const { startedMs, ...identity } = note;
  return {
    time: time.toISOString(),
    ...identity,
    decision: "error",
    reason: "WORKER_DIED",
    rule: null,
    status: null,
    grpcCode: null,
    bytesIn: null,
    bytesOut: null,
    durationMs: time.getTime() - startedMs,
    level: "metadata",
  };
}

/** It was written by our own worker: what could be wrong is that it was cut. */
function parseNote(text: string): CallNote | undefined {
  try {
    return JSON.parse(text) as CallNote;
  } catch {
    return undefined;
  }
}
