import { type Cancellation, cancellationOf } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";
import type { TurnBudget } from "./turn-budget.ts";

/**
 * Runs jobs one at a time, in the order in which they came.
 *
 * How many wait is bounded by what the server admits: calls at once × runs of one call.
 */
export interface RunQueue {
  /** Settles as the job does; a job whose signal aborts while it waits is dropped at once, one that has begun is finished. */
  run<T>(job: () => T | Promise<T>, options?: { readonly signal?: Cancellation | undefined }): Promise<T>;
  /** Drops all jobs that wait, with this error. */
  rejectWaiting(error: ServingError): void;
}

interface WaitingJob {
  start(): void;
  reject(error: ServingError): void;
}

/** Makes an empty queue. With `turns` a job begins only while its turn of the event loop is open; the jobs themselves say what they spend. */
export function createRunQueue(turns?: Pick<TurnBudget, "isOpen" | "onOpen">): RunQueue {
  // A set keeps the order and lets a job leave from the middle.
  const waiting = new Set<WaitingJob>();
  let isBusy = false;

  async function start<T>(job: () => T | Promise<T>): Promise<T> {
    isBusy = true;
    try {
      const result = job();
      return result instanceof Promise ? await result : result;
    } finally {
      isBusy = false;
      startNext();
    }
  }
  function startNext(): void {
    const [next] = waiting;
    if (next !== undefined && mayStart()) next.start();
  }
  function mayStart(): boolean {
    return !isBusy && turns?.isOpen !== false;
  }
  turns?.onOpen(startNext);

  return {
    run(job, options) {
      const signal = options === undefined ? undefined : cancellationOf(options);
      if (signal?.aborted === true) return Promise.reject(cancelled(signal));
      if (mayStart()) return start(job);
      return enqueue(waiting, { start: () => start(job), signal });
    },
    rejectWaiting(error) {
      for (const job of waiting) job.reject(error);
    },
  };
}

function enqueue<T>(
  waiting: Set<WaitingJob>,
  job: { readonly start: () => Promise<T>; readonly signal: Cancellation | undefined },
): Promise<T> {
  const { signal } = job;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(entry);
      signal?.removeEventListener("abort", abort);
    };
    const entry: WaitingJob = {
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
  });
}

/** The signal's own reason when it says more, such as DEADLINE_EXCEEDED. */
function cancelled(signal: Cancellation | undefined): ServingError {
  const reason: unknown = signal?.reason;
  if (reason instanceof ServingError) return reason;
  return new ServingError("CANCELLED", "the call was cancelled while it waited for the model", { cause: reason });
}
