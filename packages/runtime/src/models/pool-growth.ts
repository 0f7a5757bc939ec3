/** What decides whether a pool of threads gets a further one; times in milliseconds. */
export interface PoolDemand {
  /** Threads that are open. */
  readonly threads: number;
  readonly maxThreads: number;
  /** How long the run that has waited longest waits; undefined when none does. */
  readonly waitedMs: number | undefined;
  /** Mean time of a run; undefined before the first. */
  readonly runMs: number | undefined;
}

/** Shorter runs are outweighed by the hop between threads and by what the loop of the worker has to do for each. */
const WORTHWHILE_RUN_MS = 1;
const MIN_PATIENCE_MS = 5;
const MAX_PATIENCE_MS = 500;

/**
 * Whether a further thread is opened now, or after how long to ask again; undefined when there is nothing to ask.
 *
 * A run that has waited for half as long as running takes would have gained by another thread, and more so those behind it. Half: where two callers take
 * turns each waits for one run, a little less than the whole of it.
 */
export function planGrowth({ threads, maxThreads, waitedMs, runMs }: PoolDemand): "open" | number | undefined {
  if (waitedMs === undefined || threads >= maxThreads) return undefined;
  if (runMs !== undefined && runMs < WORTHWHILE_RUN_MS) return undefined;
  const patienceMs = Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, (runMs ?? 0) / 2));
  return waitedMs >= patienceMs ? "open" : patienceMs - waitedMs;
}
