import type { Cancellation } from "../call/cancellation.ts";
import type { BatchDefinition } from "../definition/types.ts";
import type { FlushReason } from "./policy.ts";
import type { RowAxis } from "./row-axis.ts";

/** Time as a batcher sees it. */
export interface BatchClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back after some milliseconds, or at the end of this turn of the event loop for less than one; gives what forgets it. */
  after(ms: number, callback: () => void): () => void;
}

/** Told of each batch, for metrics. */
export interface BatchObserver {
  /** A batch begins; "rerun" for a part of one that failed. */
  flushed(rows: number, reason: FlushReason | "rerun"): void;
  /** A call, or a part of one, waited so long for its batch. */
  waited(seconds: number): void;
}

/** Told of full batches that wait before the one that runs, as of runs that wait for a model. */
export interface BatchBacklog {
  joined(): void;
  left(): void;
}

/** One call as it joins a queue. */
export interface SubmittedCall<C> {
  readonly value: unknown;
  readonly context: C;
  readonly cancellation: Cancellation;
  /** Milliseconds in which it must be answered. */
  readonly timeLeftMs: number;
  /** Its method begins. */
  onStart(): void;
}

export interface BatcherOptions<C> {
  /** Name of the API, for messages. */
  readonly api: string;
  readonly policy: BatchDefinition;
  /** Rows of inputs, and how the outputs of an input that was cut are joined. */
  readonly input: RowAxis;
  readonly output: RowAxis;
  /** Computes a list of outputs, one for each value; `cancellation` aborts when all callers are gone. */
  run(values: readonly unknown[], contexts: readonly C[], cancellation: Cancellation): unknown;
  readonly clock: BatchClock;
  readonly observer: BatchObserver;
  readonly backlog: BatchBacklog;
  /** Times of batches that were measured before, with which a queue begins. */
  readonly measured?: readonly { readonly rows: number; readonly ms: number }[] | undefined;
}
