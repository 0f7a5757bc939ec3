import { toLostCallRecord } from "../audit/lost-call.ts";
import { type AuditSink, openAuditSink } from "../audit/sink.ts";
import type { AuditConfig } from "../config/security/types.ts";
import type { Logger } from "../telemetry/logger.ts";

/** Makes what writes the audit records of calls that ended with their worker, from the notes that it left; undefined where no records are kept. */
export function createLostCallRecorder(
  { sink: target, mode, level }: AuditConfig,
  log: Logger,
): ((notes: readonly string[]) => void) | undefined {
  if (target === null || level === "none") return undefined;
  let sink: AuditSink | undefined;
  return (notes) => {
    const time = new Date();
    const records = notes.flatMap((text) => toLostCallRecord(text, time) ?? []);
    // Opened when it is needed: most servers lose no worker.
    sink ??= openAuditSink({ sink: target, mode, now: () => performance.now() });
    let written = 0;
    for (const record of records) if (sink.write(record) === "written") written += 1;
    if (written < notes.length) {
      log.error(
        { calls: notes.length, written },
        "calls that ended with their worker could not all be written to the audit log",
      );
    }
  };
}
