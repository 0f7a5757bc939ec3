import { type Cancellation, cancellationOf } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";
import { type OpenLine, runBacklog, type RunLine } from "./run-backlog.ts";

/**
 * Runs jobs in the order in which they came, as many at once as there is room for.
 *
 * How many wait is bounded by what the server admits: calls at once × runs of one call.
 */
export interface RunQueue {
  /** Settles as the job does; a job whose signal aborts while it waits is dropped at once, one that has begun is finished. */
  run<T>(job: () => T | Promise<T>, options?: { readonly signal?: Cancellation | undefined }): Promise<T>;
  /** Drops all jobs that wait, with this error. */
  rejectWaiting(error: ServingError): void;
  /** Milliseconds for which the job that is next has waited; undefined when none waits. */
  readonly waitedMs: number | undefined;
  /** The jobs that wait, as the calls know them that may begin behind them. */
  readonly line: RunLine;
  /** A job has taken so long, its wait left out. */
  ran(ms: number): void;
  /** The most jobs that ever waited at once. */
  readonly longest: number;
}

export interface RunQueueOptions {
  /** Jobs at once. */
  readonly atOnce: number;
  /** A job begins only while it is open; the jobs themselves say what they take of it. */
  readonly gate: Gate | undefined;
}

/** What a job needs beside its turn. */
export interface Gate {
  readonly isOpen: boolean;
  /** Calls back when it may have opened. */
  onOpen(callback: () => void): void;
}

interface WaitingJob {
  readonly sinceMs: number;
  start(): void;
  reject(error: ServingError): void;
}

/** Makes an empty queue, of one job at a time unless it is told otherwise. */
export function createRunQueue({ atOnce = 1, gate }: Partial<RunQueueOptions> = {}): RunQueue {
  // A set keeps the order and lets a job leave from the middle.
  const waiting = new Set<WaitingJob>();
  const line = runBacklog.openLine();
  let running = 0;
  let longest = 0;

  async function start<T>(job: () => T | Promise<T>): Promise<T> {
    running += 1;
    try {
      const result = job();
      return result instanceof Promise ? await result : result;
    } finally {
      running -= 1;
      startNext();
    }
  }
  function startNext(): void {
    const [next] = waiting;
    if (next !== undefined && mayStart()) next.start();
  }
  function mayStart(): boolean {
    return running < atOnce && gate?.isOpen !== false;
  }
  gate?.onOpen(startNext);

  return {
    run(job, options) {
      const signal = options === undefined ? undefined : cancellationOf(options);
      if (signal?.aborted === true) return Promise.reject(cancelled(signal));
      if (mayStart()) return start(job);
      const result = enqueue({ waiting, line }, { start: () => start(job), signal });
      longest = Math.max(longest, waiting.size);
      return result;
    },
    rejectWaiting(error) {
      for (const job of waiting) job.reject(error);
    },
    get waitedMs() {
      const [next] = waiting;
      return next === undefined ? undefined : performance.now() - next.sinceMs;
    },
    line,
    ran: (ms) => line.ran(ms),
    get longest() {
      return longest;
    },
  };
}
function enqueue<T>(
  { waiting, line }: { readonly waiting: Set<WaitingJob>; readonly line: OpenLine },
  job: { readonly start: () => Promise<T>; readonly signal: Cancellation | undefined },
): Promise<T> {
  const { signal } = job;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(entry);
      line.left();
      signal?.removeEventListener("abort", abort);
    };
    const entry: WaitingJob = {
      sinceMs: performance.now(),
      start: () => {
        leave();
        resolve(job.start());
      },
      reject: (error) => {
        leave();
        reject(error);
      },
    };
    const abort = (): void => entry.reject(cancelled(signal));
    signal?.addEventListener("abort", abort, { once: true });
    waiting.add(entry);
    line.joined();
  });
}

/** The signal's own reason when it says more, such as DEADLINE_EXCEEDED. */
function cancelled(signal: Cancellation | undefined): ServingError {
  const reason: unknown = signal?.reason;
  if (reason instanceof ServingError) return reason;
  return new ServingError("CANCELLED", "the call was cancelled while it waited for the model", { cause: reason });
}
