import type { CallTrace } from "../../call/call-trace.ts";
import type { CallPhase } from "../../call/phase.ts";
import type { RecordedCall } from "../../call/types.ts";
import type { ServingError } from "../../errors.ts";

/** Follows calls across services. */
export interface CallTracer {
  /** Begins the span of a call, below the one that its headers name. Never throws. */
  open(call: RecordedCall): OpenTrace;
  /** Sends what is left, within a bounded time. Never rejects. */
  close(): Promise<void>;
}

/** The span of a call that has not ended. */
export interface OpenTrace extends CallTrace {
  /** A phase of the call has ended, that many milliseconds after its start; the next begins. */
  passed(phase: CallPhase, atMs: number): void;
  /** Called once. Never throws. */
  end(outcome: TracedOutcome): void;
}

/** What became of a call. */
export interface TracedOutcome {
  /** Undefined where it is not known what was called. */
  readonly api: string | undefined;
  readonly error: ServingError | undefined;
  readonly durationMs: number;
}
