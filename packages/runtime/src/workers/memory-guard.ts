/** When a worker counts as too large. */
export interface MemoryPolicy {
  /** Resident bytes of one worker past which it is replaced. */
  readonly markBytes: number;
  /** Least time between two replacements, and least age of a worker: loading anew must not become all that the server does. */
  readonly intervalMs: number;
}

/** One ready worker. */
export interface WorkerMemory {
  readonly id: number;
  readonly rssBytes: number;
  readonly readyForMs: number;
}

/**
 * Chooses the worker to replace now: the largest one past the mark, one at a time; undefined when none is to be replaced.
 *
 * `sinceReplacementMs` is undefined when there was none.
 */
export function chooseOversized(
  policy: MemoryPolicy,
  workers: readonly WorkerMemory[],
  sinceReplacementMs: number | undefined,
): number | undefined {
  if (sinceReplacementMs !== undefined && sinceReplacementMs < policy.intervalMs) return undefined;
  let largest: WorkerMemory | undefined;
  for (const worker of workers) {
    if (worker.rssBytes <= policy.markBytes || worker.readyForMs < policy.intervalMs) continue;
    if (largest === undefined || worker.rssBytes > largest.rssBytes) largest = worker;
  }
  return largest?.id;
}
