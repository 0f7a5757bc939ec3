import type { ErrorCode } from "../error-table.ts";
import { ServingError } from "../errors.ts";
import type { Instruments } from "./instruments.ts";

/** How far a call had come: its body was not there yet, it waited for a slot, or its method had begun. */
export type CancelledStage = "arrival" | "queue" | "run";

/** What a cancelled run of a model was: dropped while it waited, which cost nothing, or computed for nobody. */
export type CancelledRun = "dropped" | "wasted";

/** Counts what was given up before it was answered; labels from closed lists and definitions. */
export interface CancelledMetrics {
  /** A call was ended by `reason` before its answer was there. */
  call(api: string, stage: CancelledStage, reason: unknown): void;
  /** A run of a model belonged to a call that was over. */
  run(model: string, outcome: CancelledRun, reason: unknown): void;
}

/** Makes what counts cancelled calls and runs. */
export function createCancelledMetrics(instruments: Instruments): CancelledMetrics {
  const calls = instruments.counter(
    "bento_calls_cancelled_total",
    "Calls that were over before their answer was there, by reason and how far they had come",
  );
  const runs = instruments.counter(
    "bento_model_runs_cancelled_total",
    "Runs of calls that were over: dropped while they waited, or computed for nobody",
  );
  return {
    call: (api, stage, reason) => calls.series({ api, reason: reasonOf(reason), stage })?.add(1),
    run: (model, outcome, reason) => runs.series({ model, reason: reasonOf(reason), outcome })?.add(1),
  };
}

/** By the error with which a call's scope ends; all else is a signal of the author's own. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  CANCELLED: "disconnect",
  DEADLINE_EXCEEDED: "deadline",
  UNAVAILABLE: "drain",
  UNAUTHENTICATED: "permission",
  PERMISSION_DENIED: "permission",
};

function reasonOf(reason: unknown): string {
  if (!(reason instanceof ServingError)) return "service";
  // Of those whom a full queue sends away only the displaced have a call that is open.
  return reason.details["shed"] === undefined ? (REASONS[reason.code] ?? "service") : "displaced";
}
