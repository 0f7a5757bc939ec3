import type { Cancellation } from "../call/cancellation.ts";
import { Canceller } from "../call/cancellation.ts";
import type { BatchDefinition } from "../definition/types.ts";
import { ServingError } from "../errors.ts";
import { BatchedCall, type BatchPart } from "./batched-call.ts";
import { runIsolated } from "./bisect.ts";
import { createPace, type Pace } from "./pace.ts";
import { decide, type FlushReason } from "./policy.ts";
import type { BatcherOptions, SubmittedCall } from "./types.ts";

/** Joins calls of one API, whatever protocol they came by. */
export interface Batcher<C> {
  /** Settles with the call's own output or error. A call that is cancelled while it waits leaves at once; one whose batch runs is settled when that ends. */
  submit(call: SubmittedCall<C>): Promise<unknown>;
}

/** Begins the names of queues of one call; keys are shapes. */
const ALONE = "alone ";
/** Queues whose pace is remembered while they are empty. */
const MOST_PACES = 64;

/** Makes the batcher of one API, in which nobody waits. */
export function createBatcher<C>(options: BatcherOptions<C>): Batcher<C> {
  return new ApiBatcher(options);
}

/** Calls of one key, first come first served. */
interface Queue<C> {
  readonly parts: Set<BatchPart<C>>;
  rows: number;
  /** Rows of calls of which no part has begun; of one call not more than fill a batch. */
  freshRows: number;
  newestMs: number;
  readonly pace: Pace;
  /** A queue of one call that goes with no other. */
  readonly isAlone: boolean;
}

/**
 * State: queues by key, of which each has a part at least, and whether a batch runs for somebody; one at a time, since the next grows meanwhile.
 *
 * Of a call that was cut one part waits at a time: the others have their turn between its parts.
 */
class ApiBatcher<C> implements Batcher<C> {
  readonly #options: BatcherOptions<C>;
  readonly #queues = new Map<string, Queue<C>>();
  readonly #paces = new Map<string, Pace>();
  #isRunning = false;
  #forgetWake: (() => void) | undefined;
  #wakesSoon = false;
  #loners = 0;

  constructor(options: BatcherOptions<C>) {
    this.#options = options;
  }

  submit(submitted: SubmittedCall<C>): Promise<unknown> {
    const { input, output, policy, clock } = this.#options;
    const { value, cancellation } = submitted;
    if (cancellation.aborted) return Promise.reject(cancellation.reason);
    const { rows, key } = input.measure(value);
    const mayCut = input.cut !== undefined && output.join !== undefined && key !== undefined;
    const values = mayCut && rows > policy.maxSize ? input.cut(value, policy.maxSize) : [value];
    const call = new BatchedCall(submitted, {
      values,
      rows: values.map((part) => (values.length === 1 ? rows : input.measure(part).rows)),
      nowMs: clock.now(),
      join: output.join,
      onLeave: (part) => this.#remove(part),
    });
    const name = key ?? `${ALONE}${(this.#loners += 1)}`;
    const [first] = call.parts;
    if (first !== undefined) this.#enqueue(first, name);
    this.#queues.get(name)?.pace.arrived(rows, clock.now());
    this.#wakeSoon(name);
    return call.settled;
  }

  #enqueue(part: BatchPart<C>, name: string): void {
    const queue = this.#queues.get(name) ?? this.#open(name);
    queue.parts.add(part);
    queue.rows += part.weight;
    queue.newestMs = Math.max(queue.newestMs, part.sinceMs);
    part.queue = name;
    this.#countFresh(queue, part, 1);
  }

  #countFresh(queue: Queue<C>, part: BatchPart<C>, sign: 1 | -1): void {
    if (!part.isFirst) return;
    const { policy, backlog } = this.#options;
    const before = Math.floor(queue.freshRows / policy.maxSize);
    queue.freshRows += sign * Math.min(part.weight, policy.maxSize);
    const change = Math.floor(queue.freshRows / policy.maxSize) - before;
    if (change > 0) backlog.joined();
    else if (change < 0) backlog.left();
  }

  #open(name: string): Queue<C> {
    const isAlone = name.startsWith(ALONE);
    const pace = (isAlone ? undefined : this.#paces.get(name)) ?? createPace(this.#options.measured);
    const queue: Queue<C> = { parts: new Set(), rows: 0, freshRows: 0, newestMs: 0, pace, isAlone };
    this.#queues.set(name, queue);
    if (isAlone) return queue;
    // The one that was used last stands last.
    this.#paces.delete(name);
    this.#paces.set(name, pace);
    const [oldest] = this.#paces.keys();
    if (this.#paces.size > MOST_PACES && oldest !== undefined) this.#paces.delete(oldest);
    return queue;
  }

  /** Nothing is decided before the end of the turn, in which more calls may have been read, unless a batch is full already. */
  #wakeSoon(name?: string): void {
    if (this.#isRunning) return;
    const isFull = name !== undefined && (this.#queues.get(name)?.rows ?? 0) >= this.#options.policy.maxSize;
    if (isFull) this.#wake();
    else if (!this.#wakesSoon) this.#wakeAfter(0);
  }

  #wakeAfter(ms: number): void {
    this.#forget();
    this.#wakesSoon = ms < 1;
    this.#forgetWake = this.#options.clock.after(ms, () => this.#wake());
  }

  #forget(): void {
    this.#forgetWake?.();
    this.#forgetWake = undefined;
    this.#wakesSoon = false;
  }

  /** Begins the batch that is due, of several that with the oldest call; else waits until the first is. */
  #wake(): void {
    this.#forget();
    if (this.#isRunning) return;
    const nowMs = this.#options.clock.now();
    let due: { readonly name: string; readonly reason: FlushReason; readonly oldestMs: number } | undefined;
    let wakeMs = Infinity;
    for (const [name, queue] of this.#queues) {
      const facts = factsOf(queue, this.#options.policy);
      const { reason, waitUntilMs } = queue.isAlone
        ? ({ reason: "idle" } as const)
        : decide(facts, this.#options.policy, queue.pace, nowMs);
      if (reason === undefined) wakeMs = Math.min(wakeMs, waitUntilMs);
      else if (due === undefined || facts.oldestMs < due.oldestMs) due = { name, reason, oldestMs: facts.oldestMs };
    }
    if (due !== undefined) this.#begin(due.name, due.reason);
    else if (wakeMs !== Infinity) this.#wakeAfter(wakeMs - nowMs);
  }

  #begin(name: string, reason: FlushReason): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    const batch: BatchPart<C>[] = [];
    let rows = 0;
    for (const part of queue.parts) {
      if (batch.length > 0 && rows + part.weight > this.#options.policy.maxSize) break;
      batch.push(part);
      rows += part.weight;
    }
    for (const part of batch) this.#remove(part);
    for (const { next } of batch) if (next !== undefined) this.#enqueue(next, name);
    this.#isRunning = true;
    let hasRoom = false;
    const makeRoom = (): void => {
      if (hasRoom) return;
      hasRoom = true;
      this.#isRunning = false;
      // With the next turn of the event loop: methods that don't wait for anything would let nothing else have one, not even deadlines.
      if (this.#queues.size > 0) this.#wakeAfter(0);
    };
    void this.#run(batch, { reason, pace: queue.pace, onAbandoned: makeRoom }).finally(makeRoom);
  }

  #remove(part: BatchPart<C>): void {
    const queue = this.#queues.get(part.queue);
    if (queue === undefined || !queue.parts.delete(part)) return;
    queue.rows -= part.weight;
    this.#countFresh(queue, part, -1);
    if (queue.parts.size === 0) this.#queues.delete(part.queue);
    if (this.#queues.size === 0) this.#forget();
  }

  async #run(
    batch: readonly BatchPart<C>[],
    { reason, pace, onAbandoned }: { readonly reason: FlushReason; readonly pace: Pace; onAbandoned(): void },
  ): Promise<void> {
    const { clock, observer } = this.#options;
    const canceller = new Canceller();
    const onGone = (cause: unknown): void => {
      if (batch.some(isWanted)) return;
      canceller.abort(cause);
      // Work that never ends must not keep others from theirs; it holds the slots of its callers all the same.
      onAbandoned();
    };
    const startMs = clock.now();
    for (const part of batch) {
      observer.waited((startMs - part.sinceMs) / 1000);
      part.start(onGone);
    }
    await runIsolated(batch, {
      attempt: async (parts, isFirst) => {
        const rows = weightOf(parts);
        observer.flushed(rows, isFirst ? reason : "rerun");
        await this.#attempt(parts, canceller);
        if (isFirst) pace.ran(rows, clock.now() - startMs);
      },
      fail: (part, error) => part.fail(error),
      isWanted,
    });
    for (const part of batch) part.end();
  }

  async #attempt(parts: readonly BatchPart<C>[], cancellation: Cancellation): Promise<void> {
    const outputs = await this.#options.run(
      parts.map(({ value }) => value),
      parts.map(({ call }) => call.context),
      cancellation,
    );
    if (!Array.isArray(outputs) || outputs.length !== parts.length) {
      const error = wrongLength(this.#options.api, parts.length, outputs);
      for (const part of parts) part.fail(error);
      return;
    }
    for (const [index, part] of parts.entries()) {
      const output: unknown = outputs[index];
      if (output instanceof Error) part.fail(output);
      else part.finish(output);
    }
  }
}

function isWanted<C>(part: BatchPart<C>): boolean {
  return part.isWanted;
}

function weightOf<C>(parts: readonly BatchPart<C>[]): number {
  return parts.reduce((sum, { weight }) => sum + weight, 0);
}

/** Of a full queue no deadline: it begins at once. */
function factsOf<C>(queue: Queue<C>, { maxSize }: BatchDefinition): Parameters<typeof decide>[0] {
  const [first] = queue.parts;
  const { parts, rows, newestMs } = queue;
  const facts = { calls: parts.size, rows, newestMs };
  if (rows >= maxSize) return { ...facts, oldestMs: first?.sinceMs ?? newestMs, deadlineMs: Infinity };
  let oldestMs = Infinity;
  let deadlineMs = Infinity;
  for (const part of parts) {
    oldestMs = Math.min(oldestMs, part.sinceMs);
    deadlineMs = Math.min(deadlineMs, part.deadlineMs);
  }
  return { ...facts, oldestMs, deadlineMs };
}

function wrongLength(api: string, expected: number, outputs: unknown): ServingError {
  const got = Array.isArray(outputs)
    ? `${outputs.length} outputs`
    : `no list but ${outputs === null ? "null" : typeof outputs}`;
  return new ServingError(
    "INTERNAL",
    `API "${api}" is batched: its method got ${expected} inputs and gave ${got}; give one for each input, in the same order`,
  );
}
