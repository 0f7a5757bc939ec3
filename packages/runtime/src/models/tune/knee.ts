/** What one size of a batch, or one number of threads, costs. */
export interface Cost {
  /** The size: items of a batch, threads of a run. */
  readonly size: number;
  /** Milliseconds an item. */
  readonly itemMs: number;
}

/**
 * The knee of some costs: the smallest size after which no larger one costs less by more than `tolerance` (0.05 is 5 %).
 *
 * It is never past the cheapest size, and costs at most 1 / (1 - tolerance) times as much. Throws a RangeError when there are no costs.
 */
export function findKnee(costs: readonly Cost[], tolerance: number): Cost {
  const ascending = [...costs].sort((a, b) => a.size - b.size);
  const knee = ascending.find(({ itemMs }, index) =>
    ascending.slice(index + 1).every((larger) => larger.itemMs >= itemMs * (1 - tolerance)),
  );
  if (knee === undefined) throw new RangeError("no costs were measured");
  return knee;
}
