import { BodyTrace } from "../audit/body-trace.ts";
import { decisionOf, reasonOf } from "../audit/decision.ts";
import type { AuditLevels } from "../audit/levels.ts";
import { toCallNote } from "../audit/lost-call.ts";
import { toIdentityText, toRecordText } from "../audit/record.ts";
import type { AuditSink } from "../audit/sink.ts";
import type { AuditLevel } from "../call/audit-level.ts";
import { logFactsOf } from "../call/call-trace.ts";
import { CALL_PHASES, type CallPhase } from "../call/phase.ts";
import type { Principal, RecordedCall, TagValue, Target } from "../call/types.ts";
import { ERROR_TABLE } from "../error-table.ts";
import { ServingError } from "../errors.ts";
import type { CallRecord, Closing, Recorder } from "../pipeline/stages.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CancelledStage } from "../telemetry/cancelled-metrics.ts";
import type { CallTracer, OpenTrace } from "../telemetry/traces/call-tracer.ts";
import type { CallMetrics, Metrics } from "../telemetry/metrics.ts";
import type { CallNotes } from "../workers/call-journal.ts";

/** Where calls are written down, and how far. */
export interface Audit {
  readonly sink: AuditSink;
  readonly levels: AuditLevels;
  readonly publicRoutes: boolean;
}

export interface RecorderOptions {
  readonly service: { readonly name: string; readonly version: string };
  readonly metrics: Metrics;
  readonly audit: Audit | undefined;
  /** Where open calls are noted, so that those that end with this process are recorded too; undefined where nobody records calls. */
  readonly notes: CallNotes | undefined;
  readonly log: Logger;
  /** Undefined where traces are off. */
  readonly tracer: CallTracer | undefined;
  /** Monotonic milliseconds. */
  now(): number;
}

/** How far a call is whose last phase has ended; a batched one waits once more, for its batch, with its input made. */
function stageOf(last: CallPhase | undefined, isBatched: boolean): CancelledStage {
  if (last === undefined) return "arrival";
  return last === "arrival" || (last === "input" && isBatched) ? "queue" : "run";
}

/** Of a call that has passed no phase yet; some, such as a question about a model, never pass one. */
const NO_SECONDS = CALL_PHASES.map(() => NaN);

/** Labels of a call whose caller was not known, and of one that was not refused. */
const NOBODY = "none";
const NO_REASON = "none";

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
      if (audit?.sink.blocked === true) throw notRecorded();
      return new OpenRecord(call, options, metricsOf, options.tracer?.open(call));
    },
    openPublic: (call) => {
      if (audit?.publicRoutes !== true) return undefined;
      const record = new OpenRecord(call, options, metricsOf, undefined);
      // A probe is answered also when it can't be written down: its asker would take the server for dead.
      return { close: (error) => ignoreRefusal(record.close(error)) };
    },
  };
}

function ignoreRefusal(closing: Closing): undefined | Promise<undefined> {
  return closing instanceof Promise ? closing.then(() => undefined) : undefined;
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
  rule: string | undefined = undefined;
  readonly trace: OpenTrace | undefined;
  readonly #call: RecordedCall;
  readonly #options: RecorderOptions;
  readonly #metricsOf: (api: string, protocol: string) => CallMetrics;
  readonly #startedMs: number;
  #slot: number | undefined = undefined;
  #isOver = false;
  #target: Target | undefined = undefined;
  #counted: CallMetrics | undefined = undefined;
  /** Known when what is called is. */
  #identity: string | undefined = undefined;
  #bodyTrace: BodyTrace | undefined = undefined;
  readonly #phaseSeconds: number[] = NO_SECONDS.slice();
  #lastPhase: CallPhase | undefined = undefined;
  #passedMs: number;

  constructor(
    call: RecordedCall,
    options: RecorderOptions,
    metricsOf: (api: string, protocol: string) => CallMetrics,
    trace: OpenTrace | undefined,
  ) {
    this.trace = trace;
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
    // Its body is read before it is known what is called; of all others, and of bodies that came with their headers, that is known in this turn.
    if (this.#call.isTargetInBody === true && this.#options.notes !== undefined) setImmediate(() => this.#noteOpen());
  }

  aim(target: Target): void {
    this.#target = target;
    this.#count(target.api.name);
    this.#note();
  }

  get tap(): ((piece: Uint8Array) => void) | undefined {
    const levels = this.#options.audit?.levels;
    // Where the body says what is called, its level is known when it was read.
    const level = this.#target === undefined ? levels?.highest : levels?.of(this.#target.api.name);
    if (level !== "bodyHash" && level !== "request") return undefined;
    this.#bodyTrace ??= new BodyTrace(level === "request");
    return this.#bodyTrace.take;
  }

  passed(phase: CallPhase): void {
    const nowMs = this.#options.now();
    const index = CALL_PHASES.indexOf(phase);
    const before = this.#phaseSeconds[index] ?? NaN;
    // Some pass one twice: a batched call waits for a slot, and later for its batch.
    this.#phaseSeconds[index] = (Number.isNaN(before) ? 0 : before) + (nowMs - this.#passedMs) / 1000;
    this.trace?.passed(phase, nowMs - this.#startedMs);
    this.#passedMs = nowMs;
    this.#lastPhase = phase;
  }

  cancelled(reason: unknown): void {
    const { name = NO_API, batch = null } = this.#target?.api ?? {};
    this.#options.metrics.cancelled.call(name, stageOf(this.#lastPhase, batch !== null), reason);
  }

  close(failure: ServingError | undefined): Closing {
    this.#isOver = true;
    const durationMs = this.#options.now() - this.#startedMs;
    const mayAnswer = this.#audit(failure, durationMs);
    if (mayAnswer instanceof Promise) return mayAnswer.then((late) => this.#settle(failure, durationMs, late));
    return this.#settle(failure, durationMs, mayAnswer);
  }

  #settle(failure: ServingError | undefined, durationMs: number, mayAnswer: boolean): ServingError | undefined {
    const call = this.#call;
    const { log, metrics } = this.#options;
    const refusal = mayAnswer ? undefined : notRecorded();
    const error = refusal ?? failure;
    metrics.authDecision({
      method: this.#principal?.method ?? NOBODY,
      decision: decisionOf(error),
      reason: error === undefined ? NO_REASON : reasonOf(error),
    });
    const status = error === undefined ? 200 : ERROR_TABLE[error.code].http;
    const counted = this.#counted ?? this.#count(NO_API);
    const seconds = durationMs / 1000;
    const phaseSeconds = error === undefined ? this.#phaseSeconds : undefined;
    counted.finished({ status, seconds, phaseSeconds, bytesIn: call.bytesIn(), bytesOut: call.bytesOut() ?? 0 });
    this.trace?.end({ api: this.#target?.api.name, error, durationMs });
    if (failure?.code === "INTERNAL") {
      log.error(
        {
          requestId: call.request.requestId,
          ...logFactsOf(this.trace),
          route: call.route ?? call.request.route,
          err: failure,
          ...failure.details,
        },
        failure.message,
      );
    }
    return refusal;
  }

  /** Gives whether the call may be answered. */
  #audit(error: ServingError | undefined, durationMs: number): boolean | Promise<boolean> {
    const level = this.#level();
    const { audit } = this.#options;
    if (audit === undefined || level === "none") return true;
    const { tags, rule } = this;
    const body = level === "metadata" ? undefined : this.#bodyTrace?.fields(level);
    const outcome = { call: this.#call, tags, rule, error, endedMs: Date.now(), durationMs, level, body };
    const text = toRecordText(this.#identity ?? this.#identify(), outcome);
    // The note goes behind the record: a process that ends between the two has a line too many, never none.
    return audit.sink.write(text, this.#slot === undefined ? undefined : () => this.#forget());
  }

  #level(): AuditLevel {
    return this.#options.audit?.levels.of(this.#target?.api.name) ?? "none";
  }

  #noteOpen(): void {
    if (this.#target === undefined && !this.#isOver) this.#note();
  }

  #note(): void {
    const { notes, now } = this.#options;
    if (notes === undefined) return;
    if (this.#level() === "none") return this.#forget();
    const startedMs = Date.now() - Math.round(now() - this.#startedMs);
    this.#identity = this.#identify();
    this.#slot = notes.note(toCallNote(this.#identity, startedMs), this.#slot);
  }

  #forget(): void {
    if (this.#slot !== undefined) this.#options.notes?.clear(this.#slot);
    this.#slot = undefined;
  }

  #identify(): string {
    const { service } = this.#options;
    const traceId = this.trace?.traceId;
    return toIdentityText({ call: this.#call, service, principal: this.#principal, target: this.#target, traceId });
  }

  #count(api: string): CallMetrics {
    this.#counted = this.#metricsOf(api, this.#call.protocol);
    this.#counted.started();
    return this.#counted;
  }
}
