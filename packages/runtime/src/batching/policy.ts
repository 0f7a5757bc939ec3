import type { BatchDefinition } from "../definition/types.ts";
import type { Pace } from "./pace.ts";

/** A queue as its policy sees it; times in monotonic milliseconds. */
export interface QueueFacts {
  readonly calls: number;
  readonly rows: number;
  /** When its oldest and its newest call came. */
  readonly oldestMs: number;
  readonly newestMs: number;
  /** When the first of its calls must be answered. */
  readonly deadlineMs: number;
}

/** Why a batch begins: it is full, its oldest call has waited long enough, a call would miss its deadline, or waiting does not pay. */
export type FlushReason = "size" | "delay" | "deadline" | "idle";

/** Whether a batch begins now, or when to ask again unless something happens. */
export type Decision =
  | { readonly reason: FlushReason; readonly waitUntilMs?: undefined }
  | { readonly reason?: undefined; readonly waitUntilMs: number };

/** A prediction may be wrong by as much. */
const DEADLINE_MARGIN = 1.25;

/**
 * Decides what becomes of a queue while the method does not run.
 *
 * Waiting for the next call costs each of those that wait the time until it comes, and saves the compute that a batch has once, whatever its size. So a queue waits while
 * calls × time between calls is less than what the next one would save, and never past maxLatencyMs; a model that gains nothing from batches is never waited for.
 */
export function decide(queue: QueueFacts, policy: BatchDefinition, pace: Pace, nowMs: number): Decision {
  if (queue.rows >= policy.maxSize) return { reason: "size" };
  const patienceMs = pace.savedBy(queue.rows) / queue.calls;
  const dueAt = {
    delay: queue.oldestMs + policy.maxLatencyMs,
    deadline: queue.deadlineMs - DEADLINE_MARGIN * (pace.predict(queue.rows) ?? 0),
    idle: pace.gapMs <= patienceMs ? queue.newestMs + patienceMs : nowMs,
  };
  for (const reason of ["delay", "deadline", "idle"] as const) if (dueAt[reason] <= nowMs) return { reason };
  return { waitUntilMs: Math.min(dueAt.delay, dueAt.deadline, dueAt.idle) };
}
