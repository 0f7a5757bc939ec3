import type { Authenticate } from "../auth/authenticate.ts";
import type { Authorizer } from "../auth/authorize.ts";
import type { Service } from "../authoring/create-service.ts";
import type { Context, ContextLogger, ContextMetrics } from "../authoring/context.ts";
import type { Batcher } from "../batching/batcher.ts";
import type { CallTrace } from "../call/call-trace.ts";
import type { CallPhase } from "../call/phase.ts";
import type { Principal, RecordedCall, TagValue, Target } from "../call/types.ts";
import type { Role } from "../definition/types.ts";
import type { ServingError } from "../errors.ts";
import type { Admission } from "../limits/admit.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import type { OpenCalls } from "./open-calls.ts";

/** Everything that one call passes through; made once by the server. */
export interface Stages {
  readonly service: Service;
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  /** Whether calls of an API may come from an address; throws PERMISSION_DENIED. */
  assertMayReach(clientIp: string, api: string): void;
  /** undefined where no limit is set. */
  readonly rates: RateLimits | undefined;
  readonly admission: Admission;
  /** By API, of those whose calls are joined. */
  readonly batchers: ReadonlyMap<string, Batcher<Context>>;
  /** Longest time of any call, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly openCalls: OpenCalls;
  readonly recorder: Recorder;
  /** Metrics of the author's own, as methods of this role use them. */
  metricsFor(role: Role): ContextMetrics;
  logFor(requestId: string, trace: CallTrace | undefined): ContextLogger;
}

/** The error to answer with in place of the call's own end; undefined for none. */
export type Closing = ServingError | undefined | Promise<ServingError | undefined>;

/** Writes down what became of each call: audit line, metrics, log of faults. */
export interface Recorder {
  /** Throws UNAVAILABLE when calls may not go on because they can't be written down. */
  open(call: RecordedCall): CallRecord;
  /** The same for a question that anybody may ask; undefined where those are not written down. It never stops one: probes are asked by whoever restarts the server. */
  openPublic(call: RecordedCall): Pick<CallRecord, "close"> | undefined;
}

/** The record of one call; it is closed exactly once. */
export interface CallRecord {
  principal: Principal | undefined;
  /** Says what is called, once it is known. */
  aim(target: Target): void;
  /** Says that a phase of the call has ended now, and the next begun. */
  passed(phase: CallPhase): void;
  /** Says that the call is over before its answer was there, and why; once at the most. */
  cancelled(reason: unknown): void;
  /** Undefined where traces are off. */
  readonly trace: CallTrace | undefined;
  /** Facts that the author's code added. */
  tags: ReadonlyMap<string, TagValue> | undefined;
  /** The clause of the rules that decided, such as `author.allow[0]` or `platform.deny[1]`. */
  rule: string | undefined;
  /** Shown the body's pieces while it is read; undefined where nothing of it is written down. Asked when the reading begins. */
  readonly tap: ((piece: Uint8Array) => void) | undefined;
  /**
   * Writes the record; `error` undefined means that the call succeeded. Gives the error to answer with when calls that can't be written down must not be answered; a promise
   * where the writing has to be waited for, a second at the most. Throws nothing, and never rejects.
   */
  close(error: ServingError | undefined): Closing;
}
