import { toCallNote } from "../audit/lost-call.ts";
import { type CallFacts, toAuditRecord } from "../audit/record.ts";
import type { AuditSink } from "../audit/sink.ts";
import { CALL_PHASES, type CallPhase } from "../call/phase.ts";
import type { Principal, RecordedCall, TagValue, Target } from "../call/types.ts";
import { ERROR_TABLE } from "../error-table.ts";
import { ServingError } from "../errors.ts";
import type { CallRecord, Recorder } from "../pipeline/stages.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CallMetrics, Metrics } from "../telemetry/metrics.ts";
import type { CallNotes } from "../workers/call-journal.ts";

export interface RecorderOptions {
  readonly service: { readonly name: string; readonly version: string };
  readonly metrics: Metrics;
  readonly audit: AuditSink | undefined;
  /** Where open calls are noted, so that those that end with this process are recorded too; undefined where nobody records calls. */
  readonly notes: CallNotes | undefined;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  now(): number;
}

const NO_SECONDS = CALL_PHASES.map(() => 0);

/** API label of calls that were refused before it was known what they call. */
const NO_API = "none";

/** Makes the recorder of one worker: metrics for every call, an audit line where a sink is set, a log line for faults of the service. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { metrics, audit } = options;
  const bound = new Map<string, Map<string, CallMetrics>>();
  const metricsOf = (api: string, protocol: string): CallMetrics => {
    const known = bound.get(protocol)?.get(api);
    if (known !== undefined) return known;
    const fresh = metrics.call(api, protocol);
    bound.set(protocol, (bound.get(protocol) ?? new Map<string, CallMetrics>()).set(api, fresh));
    return fresh;
  };
  return {
    open: (call) => {
      if (audit?.blocked === true) throw notRecorded();
      return new OpenRecord(call, options, metricsOf);
    },
  };
}

function notRecorded(): ServingError {
  return new ServingError("UNAVAILABLE", "calls can't be written to the audit log at the moment", {
    retryAfterSeconds: 5,
  });
}

/** The record of one call: opened → target known → closed. */
class OpenRecord implements CallRecord {
  #principal: Principal | undefined = undefined;
  tags: ReadonlyMap<string, TagValue> | undefined = undefined;
  readonly #call: RecordedCall;
  readonly #options: RecorderOptions;
  readonly #metricsOf: (api: string, protocol: string) => CallMetrics;
  readonly #startedMs: number;
  #slot: number | undefined = undefined;
  #target: Target | undefined = undefined;
  #counted: CallMetrics | undefined = undefined;
  readonly #phaseSeconds: number[] = NO_SECONDS.slice();
  #passedMs: number;

  constructor(call: RecordedCall, options: RecorderOptions, metricsOf: (api: string, protocol: string) => CallMetrics) {
    this.#call = call;
    this.#options = options;
    this.#metricsOf = metricsOf;
    this.#startedMs = options.now();
    this.#passedMs = this.#startedMs;
  }

  get principal(): Principal | undefined {
    return this.#principal;
  }

  set principal(principal: Principal | undefined) {
    this.#principal = principal;
    // Its body is read before it is known what is called; of all others that is known at once.
    if (this.#call.isTargetInBody === true) this.#note();
  }

  aim(target: Target): void {
    this.#target = target;
    this.#count(target.api.name);
    this.#note();
  }

  passed(phase: CallPhase): void {
    const nowMs = this.#options.now();
    this.#phaseSeconds[CALL_PHASES.indexOf(phase)] = (nowMs - this.#passedMs) / 1000;
    this.#passedMs = nowMs;
  }

  close(failure: ServingError | undefined): ServingError | undefined {
    const call = this.#call;
    const { log, now } = this.#options;
    const durationMs = now() - this.#startedMs;
    const refusal = this.#audit(failure, durationMs);
    // Behind the record: a process that ends between the two has a line too many, never none.
    if (this.#slot !== undefined) this.#options.notes?.clear(this.#slot);
    const error = refusal ?? failure;
    const status = error === undefined ? 200 : ERROR_TABLE[error.code].http;
    const counted = this.#counted ?? this.#count(NO_API);
    const seconds = durationMs / 1000;
    const phaseSeconds = error === undefined ? this.#phaseSeconds : undefined;
    counted.finished({ status, seconds, phaseSeconds, bytesIn: call.bytesIn(), bytesOut: call.bytesOut() ?? 0 });
    if (failure?.code === "INTERNAL") {
      log.error(
        {
          requestId: call.request.requestId,
          route: call.route ?? call.request.route,
          err: failure,
          ...failure.details,
        },
        failure.message,
      );
    }
    return refusal;
  }

  #audit(error: ServingError | undefined, durationMs: number): ServingError | undefined {
    const { audit, metrics } = this.#options;
    if (audit === undefined) return undefined;
    const record = toAuditRecord({ ...this.#facts(), tags: this.tags, error, time: new Date(), durationMs });
    const outcome = audit.write(record);
    if (outcome !== "written") metrics.auditDropped.add(1);
    return outcome === "refused" ? notRecorded() : undefined;
  }

  #note(): void {
    const { notes, now } = this.#options;
    if (notes === undefined) return;
    const startedMs = Date.now() - Math.round(now() - this.#startedMs);
    this.#slot = notes.note(toCallNote(this.#facts(), startedMs), this.#slot);
  }

  #facts(): CallFacts {
    return { call: this.#call, service: this.#options.service, principal: this.#principal, target: this.#target };
  }

  #count(api: string): CallMetrics {
    this.#counted = this.#metricsOf(api, this.#call.protocol);
    this.#counted.started();
    return this.#counted;
  }
}
