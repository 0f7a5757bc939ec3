/** What decides whether a pool of threads gets a further one; times in milliseconds. */
export interface PoolDemand {
  /** Threads that are open, less those that are lost to a run that goes on and on. */
  readonly threads: number;
  /** Threads for which there is room, ≥ 1; not whole where it follows what the other workers use. */
  readonly room: number;
  /** How long the run that has waited longest waits; undefined when none does. */
  readonly waitedMs: number | undefined;
  /** Mean time of a run; undefined before the first. */
  readonly runMs: number | undefined;
}

/** Shorter runs are outweighed by the hop between threads and by what the loop of the worker has to do for each. */
const WORTHWHILE_RUN_MS = 1;
/** How much of a CPU must be there for a thread to be opened, and how much must be lacking for one to be closed: apart, so that it does not go to and fro. */
const GROW_ROOM = 0.5;
const LACKING_ROOM = 0.75;
const MIN_PATIENCE_MS = 5;
const MAX_PATIENCE_MS = 500;

/**
 * Whether a further thread is opened now, or after how long to ask again; undefined when there is nothing to ask.
 *
 * A run that has waited for half as long as running takes would have gained by another thread, and more so those behind it. Half: where two callers take
 * turns each waits for one run, a little less than the whole of it.
 */
export function planGrowth({ threads, room, waitedMs, runMs }: PoolDemand): "open" | number | undefined {
  if (waitedMs === undefined || threads + GROW_ROOM > room) return undefined;
  if (threads > 0 && runMs !== undefined && runMs < WORTHWHILE_RUN_MS) return undefined;
  const patienceMs = Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, (runMs ?? 0) / 2));
  return waitedMs >= patienceMs ? "open" : patienceMs - waitedMs;
}

/** Whether there are more threads than there is room for, as when other workers got work meanwhile: the next that ends its run is closed. */
export function isTooMany({ threads, room }: Pick<PoolDemand, "threads" | "room">): boolean {
  return threads > 1 && threads > room + LACKING_ROOM;
}
