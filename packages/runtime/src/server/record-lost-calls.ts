import { toLostCallRecord } from "../audit/lost-call.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Audit } from "./recorder.ts";

/** Makes what writes the audit records of calls that ended with their worker, from the notes that it left; undefined where no records are kept. */
export function createLostCallRecorder(
  audit: Audit | undefined,
  log: Logger,
): ((notes: readonly string[]) => void) | undefined {
  if (audit === undefined) return undefined;
  return (notes) => void recordAll(notes, audit, log);
}

async function recordAll(notes: readonly string[], { sink }: Audit, log: Logger): Promise<void> {
  const time = new Date();
  const records = notes.flatMap((text) => toLostCallRecord(text, time) ?? []);
  const outcomes = await Promise.all(records.map((record) => sink.write(record)));
  const written = outcomes.filter((outcome) => outcome === "written").length;
  if (written < notes.length) {
    log.error(
      { calls: notes.length, written },
      "calls that ended with their worker could not all be written to the audit log",
    );
  }
}
