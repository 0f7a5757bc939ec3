import { type AuditFacts, toAuditRecord } from "../audit/record.ts";
import type { AuditSink } from "../audit/sink.ts";
import type { RawCall } from "../call/types.ts";
import { ERROR_TABLE } from "../error-table.ts";
import { ServingError } from "../errors.ts";
import type { CallRecord, Recorder } from "../pipeline/stages.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CallMetrics, Metrics } from "../telemetry/metrics.ts";

export interface RecorderOptions {
  readonly service: { readonly name: string; readonly version: string };
  readonly metrics: Metrics;
  readonly audit: AuditSink | undefined;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  now(): number;
}

/** API label of calls that were refused before it was known what they call. */
const NO_API = "none";

/** Makes the recorder of one worker: metrics for every call, an audit line where a sink is set, a log line for faults of the service. */
export function createRecorder({ service, metrics, audit, log, now }: RecorderOptions): Recorder {
  const bound = new Map<string, CallMetrics>();
  const metricsOf = (api: string, protocol: string): CallMetrics => {
    const key = `${api} ${protocol}`;
    const known = bound.get(key) ?? metrics.call(api, protocol);
    bound.set(key, known);
    return known;
  };
  return {
    open: (call: RawCall<unknown>): CallRecord => {
      if (audit?.blocked === true) {
        throw new ServingError("UNAVAILABLE", "calls can't be written to the audit log at the moment", {
          retryAfterSeconds: 5,
        });
      }
      const startedMs = now();
      let counted: CallMetrics | undefined;
      const record: CallRecord & { known: AuditFacts["target"] } = {
        known: undefined,
        principal: undefined,
        get target() {
          return this.known;
        },
        set target(target) {
          this.known = target;
          counted = metricsOf(target?.api.name ?? NO_API, call.protocol);
          counted.started();
        },
        tags: undefined,
        close: (error) => {
          const durationMs = now() - startedMs;
          if (counted === undefined) {
            counted = metricsOf(NO_API, call.protocol);
            counted.started();
          }
          const status = error === undefined ? 200 : ERROR_TABLE[error.code].http;
          counted.finished({
            status,
            seconds: durationMs / 1000,
            bytesIn: call.bytesIn(),
            bytesOut: call.bytesOut() ?? 0,
          });
          if (error?.code === "INTERNAL")
            log.error({ requestId: call.requestId, route: call.route, err: error, ...error.details }, error.message);
          const { principal, target, tags } = record;
          audit?.write(toAuditRecord({ call, service, principal, target, tags, error, time: new Date(), durationMs }));
        },
      };
      return record;
    },
  };
}
