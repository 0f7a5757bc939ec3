import { toLostCallRecord } from "../audit/lost-call.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Audit } from "./recorder.ts";

/** Makes what writes the audit records of calls that ended with their worker, from the notes that it left; undefined where no records are kept. */
export function createLostCallRecorder(
  audit: Audit | undefined,
  log: Logger,
): ((notes: readonly string[]) => void) | undefined {
  if (audit === undefined) return undefined;
  return (notes) => {
    const time = new Date();
    const records = notes.flatMap((text) => toLostCallRecord(text, time) ?? []);
    for (const record of records) void audit.sink.write(JSON.stringify(record));
    const unreadable = notes.length - records.length;
    if (unreadable > 0)
      log.error({ calls: unreadable }, "calls that ended with their worker have left no readable note");
  };
}
