import type { SubmittedCall } from "./types.ts";
import type { RowAxis } from "./row-axis.ts";

/** What becomes of a call's value before it is computed. */
export interface CallParts<C> {
  /** The value, or the parts into which it was cut. */
  readonly values: readonly unknown[];
  /** Rows of each. */
  readonly rows: readonly number[];
  readonly nowMs: number;
  readonly join: RowAxis["join"];
  /** A part that has not begun is not wanted any more. */
  onLeave(part: BatchPart<C>): void;
}

/**
 * One call in a batcher, in one part or several. Moves: waiting → settled.
 *
 * Its first failure, or its caller's leaving, settles it; parts that wait then leave. A part that runs holds it until that run has ended, as the work of any call is waited for.
 */
export class BatchedCall<C> {
  readonly context: C;
  readonly settled: Promise<unknown>;
  readonly parts: readonly BatchPart<C>[];
  readonly #submitted: SubmittedCall<C>;
  readonly #given: CallParts<C>;
  readonly #outputs: unknown[] = [];
  #resolve: (output: unknown) => void = ignore;
  #reject: (error: unknown) => void = ignore;
  #missing: number;
  #hasStarted = false;
  #isOver = false;

  constructor(submitted: SubmittedCall<C>, given: CallParts<C>) {
    const { nowMs, values, rows } = given;
    this.context = submitted.context;
    this.#submitted = submitted;
    this.#given = given;
    this.#missing = values.length;
    const deadlineMs = nowMs + submitted.timeLeftMs;
    this.parts = values.map(
      (value, index) =>
        new BatchPart(this, { value, index, weight: Math.max(1, rows[index] ?? 1), sinceMs: nowMs, deadlineMs }),
    );
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    submitted.cancellation.addEventListener("abort", this.#leave, { once: true });
  }

  /** Whether its outcome is of use to anybody. */
  get isWanted(): boolean {
    return !this.#isOver && !this.#submitted.cancellation.aborted;
  }

  started(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#submitted.onStart();
  }

  finished(index: number, output: unknown): void {
    this.#outputs[index] = output;
    this.#missing -= 1;
    // An output that nobody waits for is not joined, nor written after that.
    if (this.#missing > 0 || !this.isWanted) return;
    try {
      const { join, rows } = this.#given;
      const whole = this.parts.length === 1 || join === undefined ? output : join(this.#outputs, rows);
      this.#close();
      this.#resolve(whole);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    if (this.#isOver) return;
    this.#close();
    for (const part of this.parts) this.#given.onLeave(part);
    this.#reject(error);
  }

  /** A run in which it had a part has ended. */
  ended(): void {
    const { cancellation } = this.#submitted;
    if (cancellation.aborted) this.failed(cancellation.reason);
  }

  readonly #leave = (): void => {
    const { reason } = this.#submitted.cancellation;
    const running = this.parts.filter(({ isRunning }) => isRunning);
    if (running.length === 0) return this.failed(reason);
    for (const part of this.parts) this.#given.onLeave(part);
    for (const part of running) part.tellGone(reason);
  };

  #close(): void {
    this.#isOver = true;
    this.#submitted.cancellation.removeEventListener("abort", this.#leave);
  }
}

/** What goes to the method as one value. Moves: queued → running → over. */
export class BatchPart<C> {
  readonly call: BatchedCall<C>;
  readonly value: unknown;
  /** Its rows, 1 at least: also a part without rows costs something. */
  readonly weight: number;
  readonly sinceMs: number;
  readonly deadlineMs: number;
  /** Name of the queue in which it waits. */
  queue = "";
  isRunning = false;
  readonly #index: number;
  #onGone: (reason: unknown) => void = ignore;

  constructor(
    call: BatchedCall<C>,
    given: Pick<BatchPart<C>, "value" | "weight" | "sinceMs" | "deadlineMs"> & { index: number },
  ) {
    this.call = call;
    this.value = given.value;
    this.weight = given.weight;
    this.sinceMs = given.sinceMs;
    this.deadlineMs = given.deadlineMs;
    this.#index = given.index;
  }

  get isWanted(): boolean {
    return this.call.isWanted;
  }

  get isFirst(): boolean {
    return this.#index === 0;
  }

  /** The part of the same call whose turn comes after this one, while anybody wants it. */
  get next(): BatchPart<C> | undefined {
    return this.isWanted ? this.call.parts[this.#index + 1] : undefined;
  }

  start(onGone: (reason: unknown) => void): void {
    this.isRunning = true;
    this.#onGone = onGone;
    this.call.started();
  }

  tellGone(reason: unknown): void {
    this.#onGone(reason);
  }

  finish(output: unknown): void {
    this.isRunning = false;
    this.call.finished(this.#index, output);
  }

  fail(error: unknown): void {
    this.isRunning = false;
    this.call.failed(error);
  }

  /** The run of its batch has ended, whatever became of the part. */
  end(): void {
    this.isRunning = false;
    this.call.ended();
  }
}

function ignore(): void {}
