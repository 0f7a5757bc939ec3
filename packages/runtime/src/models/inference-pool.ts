import { setTimeout as delay } from "node:timers/promises";
import { LONGEST_CALL } from "../call/longest-call.ts";
import { ServingError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import type { Executor } from "./executor.ts";
import { isTooMany, planGrowth } from "./pool-growth.ts";
import type { RunLine } from "./run-backlog.ts";
import { createRunQueue } from "./run-queue.ts";
import { openThread, type ThreadConnection } from "./thread-connection.ts";
import type { ThreadStart } from "./thread-messages.ts";
import type { ModelInfo, PoolState, RunOptions } from "./types.ts";

export interface InferencePoolOptions {
  /** Threads for which there is room now, ≥ 1; asked again and again. */
  readonly room: () => number;
  /** How long a thread beside others has nothing to do before it is closed. */
  readonly idleMs: number;
  /** Time after which a run without a deadline should have ended. */
  readonly longestCallMs: number;
  /** How long a run goes on after it should have ended, and for twice the usual time at the least, before its thread counts as lost for the others. */
  readonly lateMs: number;
  /** Wait before the first replacement of a thread that ended; doubles with each failure in a row, up to the longest. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Runs before each thread but the first is opened; a throw puts it off until the next try. */
  readonly beforeOpening: () => Promise<void>;
  /** Told when a thread ended, could not be replaced, or a further one could not be opened. */
  readonly onIncident: (error: ServingError) => void;
}

/**
 * Runs a model on threads of its own, one run at a time on each: on one thread as long as that keeps up, on more while runs wait. The thread that
 * is free next takes the run that has waited longest, so that none has work while another is idle.
 *
 * A run that goes on far past its time keeps its thread, but does not count among those for which there is room: for the others as many threads more may be opened at the most.
 *
 * When a thread ends by itself, the run on it fails with UNAVAILABLE and those that wait go on with the other threads. Where none is left they fail at
 * once, and so do new ones until a thread with a freshly loaded model is there. `close` lets runs finish, frees the models and waits for the threads
 * to end: nothing ever ends one from outside, which would abort the process.
 */
export async function startInferencePool(start: ThreadStart, options: InferencePoolOptions): Promise<Executor> {
  return new InferencePool(start, await openThread(start), options);
}

/** After a further thread could not be opened: loading again and again would take a core from the runs. */
const GROW_AGAIN_MS = 60_000;

/** How often it is looked for room while runs wait. */
const LOOK_AGAIN_MS = 1_000;

/** One thread that is open; the timer runs while it has nothing to do beside others, `dueMs` is set while it runs. */
interface PoolThread {
  readonly connection: ThreadConnection;
  dueMs: number | undefined;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Moves of a thread: opening → idle ⇄ running → closing, or ended, which another one follows. Of the pool: open → closed. */
class InferencePool implements Executor {
  readonly place = "thread";
  readonly info: ModelInfo;
  readonly #start: ThreadStart;
  readonly #options: InferencePoolOptions;
  readonly #threads = new Set<PoolThread>();
  /** The one used last stands last and is taken first, so that those that are not needed stay idle. */
  readonly #idle: PoolThread[] = [];
  readonly #gate = createGate(() => this.#idle.length > 0);
  readonly #queue = createRunQueue({ atOnce: Infinity, gate: this.#gate });
  readonly #closed = new AbortController();
  /** Threads that are being opened, replaced or closed. */
  readonly #changes = new Set<Promise<void>>();
  #failures = 0;
  #replacing = 0;
  #runMs: number | undefined;
  #isGrowing = false;
  #growthTimer: NodeJS.Timeout | undefined;

  constructor(start: ThreadStart, connection: ThreadConnection, options: InferencePoolOptions) {
    this.#start = start;
    this.#options = options;
    this.info = connection.info;
    this.#use(connection);
  }

  get trouble(): string | undefined {
    return this.#threads.size === 0 ? "its thread ended and is being replaced" : undefined;
  }

  get line(): RunLine {
    return this.#queue.line;
  }

  get pool(): PoolState {
    return { threads: this.#threads.size, longestQueue: this.#queue.longest };
  }

  get dueMs(): number | undefined {
    const due = Math.min(...Array.from(this.#threads, ({ dueMs = Infinity }) => dueMs));
    return due === Infinity ? undefined : due;
  }

  async run(feeds: NamedTensors, options: RunOptions, onDone?: (ms: number) => void): Promise<NamedTensors> {
    // Without a thread nothing would take the run off the queue soon.
    if (this.#threads.size === 0) throw unavailable();
    const running = this.#queue.run(() => this.#runOnThread(feeds, options, onDone), options);
    this.#considerGrowth();
    return running;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#growthTimer);
    while (this.#threads.size > 0 || this.#changes.size > 0) {
      await Promise.all(this.#changes);
      // Behind the runs that were taken before.
      if (this.#threads.size > 0) await this.#queue.run(() => this.#closeThread(this.#idle.at(-1)));
    }
  }

  async #runOnThread(
    feeds: NamedTensors,
    options: RunOptions,
    onDone: ((ms: number) => void) | undefined,
  ): Promise<NamedTensors> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw unavailable();
    clearTimeout(thread.idleTimer);
    thread.dueMs = this.#dueMs(options);
    try {
      const answer = await thread.connection.request(feeds, { giveAway: options.transferFeeds === true });
      this.#failures = 0;
      this.#runMs = this.#runMs === undefined ? answer.ms : this.#runMs * 0.8 + answer.ms * 0.2;
      this.#queue.ran(answer.ms);
      onDone?.(answer.ms);
      return answer.tensors;
    } finally {
      thread.dueMs = undefined;
      if (!thread.connection.hasEnded) this.#ranOn(thread);
    }
  }

  /** When a run that begins now should have ended. */
  #dueMs({ deadline, [LONGEST_CALL]: longestMs }: RunOptions): number {
    const nowMs = Date.now();
    if (longestMs !== undefined) return nowMs + longestMs;
    return Math.max(nowMs, deadline ?? nowMs + this.#options.longestCallMs);
  }

  #use(connection: ThreadConnection): void {
    const thread: PoolThread = { connection, dueMs: undefined, idleTimer: undefined };
    this.#threads.add(thread);
    void connection.ended.then((error) => {
      if (error !== undefined) this.#lost(thread, error);
    });
    this.#setIdle(thread);
    this.#gate.opened();
  }

  #ranOn(thread: PoolThread): void {
    if (isTooMany(this.#size())) void this.#closeThread(thread);
    else this.#setIdle(thread);
  }

  #setIdle(thread: PoolThread): void {
    this.#idle.push(thread);
    if (this.#threads.size === 1) return;
    thread.idleTimer = setTimeout(() => {
      if (this.#size().threads > 1) void this.#closeThread(thread);
    }, this.#options.idleMs).unref();
  }

  /** Closes a thread that has no run. */
  #closeThread(thread: PoolThread | undefined): Promise<void> {
    if (thread === undefined) return Promise.resolve();
    this.#forget(thread);
    return this.#change(thread.connection.close());
  }

  #forget(thread: PoolThread): void {
    clearTimeout(thread.idleTimer);
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #lost(thread: PoolThread, error: ServingError): void {
    this.#forget(thread);
    if (this.#threads.size === 0) this.#queue.rejectWaiting(error);
    this.#options.onIncident(error);
    void this.#change(this.#replace());
  }

  async #replace(): Promise<void> {
    this.#replacing += 1;
    while (!this.#closed.signal.aborted && !(await this.#tryReplacing(this.#closed.signal)));
    this.#replacing -= 1;
  }

  async #tryReplacing(signal: AbortSignal): Promise<boolean> {
    const delayMs = Math.min(this.#options.maxDelayMs, this.#options.firstDelayMs * 2 ** this.#failures++);
    // Waiting for another try is no reason to keep the process alive; the rejection only says that the wait was cut short by close().
    await delay(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return false;
    const fault = await this.#open();
    if (fault === undefined) return true;
    this.#report("the thread that runs the model could not be replaced, it is tried again", fault);
    return false;
  }

  /** Looks whether what waits is reason for a further thread; one at a time is opened. */
  #considerGrowth(): void {
    if (this.#isGrowing || this.#growthTimer !== undefined || this.#closed.signal.aborted) return;
    const { waitedMs } = this.#queue;
    const { threads, room } = this.#size();
    const plan = planGrowth({ threads: threads + this.#replacing, room, waitedMs, runMs: this.#runMs });
    if (plan === "open") void this.#change(this.#grow());
    else if (plan !== undefined) this.#considerIn(plan);
    else if (waitedMs !== undefined) this.#considerIn(LOOK_AGAIN_MS);
  }

  /** Threads that are of use, or will be soon, and for how many there is room. */
  #size(): { readonly threads: number; readonly room: number } {
    const room = this.#options.room();
    const lateSinceMs = Date.now() - Math.max(this.#options.lateMs, 2 * (this.#runMs ?? 0));
    let lost = 0;
    for (const { dueMs = Infinity } of this.#threads) if (dueMs < lateSinceMs) lost += 1;
    return { threads: this.#threads.size - Math.min(lost, Math.ceil(room)), room };
  }

  #considerIn(ms: number): void {
    this.#growthTimer = setTimeout(() => {
      this.#growthTimer = undefined;
      this.#considerGrowth();
    }, ms).unref();
  }

  async #grow(): Promise<void> {
    this.#isGrowing = true;
    const fault = await this.#open();
    this.#isGrowing = false;
    if (fault === undefined) return this.#considerGrowth();
    this.#report(`a further thread for the model could not be opened, it goes on with ${this.#threads.size}`, fault);
    if (!this.#closed.signal.aborted) this.#considerIn(GROW_AGAIN_MS);
  }

  /** Opens a thread; gives what kept it from opening. */
  async #open(): Promise<{ readonly cause: unknown } | undefined> {
    try {
      await this.#options.beforeOpening();
      this.#use(await openThread(this.#start));
      return undefined;
    } catch (cause) {
      return { cause };
    }
  }

  #report(text: string, { cause }: { readonly cause: unknown }): void {
    this.#options.onIncident(new ServingError("UNAVAILABLE", `${text}: ${reasonOf(cause)}`, { cause }));
  }

  #change(change: Promise<void>): Promise<void> {
    this.#changes.add(change);
    return change.finally(() => this.#changes.delete(change));
  }
}

/** Tells a queue when what it waits for is there. */
function createGate(isOpen: () => boolean): {
  readonly isOpen: boolean;
  onOpen(wake: () => void): void;
  opened(): void;
} {
  let wake = (): void => undefined;
  return {
    get isOpen() {
      return isOpen();
    },
    onOpen: (callback) => {
      wake = callback;
    },
    opened: () => wake(),
  };
}

function unavailable(): ServingError {
  return new ServingError("UNAVAILABLE", "the thread that runs the model ended; it is being replaced", {
    retryAfterSeconds: 1,
  });
}
