import type { Authenticate } from "../auth/authenticate.ts";
import type { Authorize } from "../auth/authorize.ts";
import type { Service } from "../authoring/create-service.ts";
import type { ContextLogger, ContextMetrics } from "../authoring/context.ts";
import type { CallPhase } from "../call/phase.ts";
import type { Principal, RecordedCall, TagValue, Target } from "../call/types.ts";
import type { Role } from "../definition/types.ts";
import type { ServingError } from "../errors.ts";
import type { Admission } from "../limits/admit.ts";
import type { OpenCalls } from "./open-calls.ts";

/** Everything that one call passes through; made once by the server. */
export interface Stages {
  readonly service: Service;
  readonly authenticate: Authenticate;
  readonly authorize: Authorize;
  readonly admission: Admission;
  /** Longest time of any call, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly openCalls: OpenCalls;
  readonly recorder: Recorder;
  /** Metrics of the author's own, as methods of this role use them. */
  metricsFor(role: Role): ContextMetrics;
  logFor(requestId: string): ContextLogger;
}

/** Writes down what became of each call: audit line, metrics, log of faults. */
export interface Recorder {
  /** Throws UNAVAILABLE when calls may not go on because they can't be written down. */
  open(call: RecordedCall): CallRecord;
}

/** The record of one call; it is closed exactly once. */
export interface CallRecord {
  principal: Principal | undefined;
  /** Says what is called, once it is known. */
  aim(target: Target): void;
  /** Says that a phase of the call has ended now, and the next begun. */
  passed(phase: CallPhase): void;
  /** Facts that the author's code added. */
  tags: ReadonlyMap<string, TagValue> | undefined;
  /** Writes the record; `error` undefined means that the call succeeded. Gives the error to answer with when calls that can't be written down must not be answered. Throws nothing. */
  close(error: ServingError | undefined): ServingError | undefined;
}
