import type { ErrorCode } from "../error-table.ts";
import { ServingError } from "../errors.ts";

/** How the items of a batch are tried and told what became of them. */
export interface Trial<T> {
  /** Runs items together and tells each; rejects when they failed as one. */
  attempt(items: readonly T[], isFirst: boolean): Promise<void>;
  fail(item: T, error: unknown): void;
  /** Whether anybody waits for the item still. */
  isWanted(item: T): boolean;
}

/** Errors that say nothing of any item: another run would fail as well. */
const CONCERNS_ALL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNAVAILABLE",
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
]);

/**
 * Runs a batch so that an item that can't be computed fails alone: what fails is run again in halves.
 *
 * One bad item among n costs 2 log₂ n runs more, n bad ones 2n − 2; where the service itself fails and no run succeeds at all, it ends after as many as one bad item costs. An
 * error of several items never reaches one of their callers as it is, since it may tell of another's input. Never rejects.
 */
export async function runIsolated<T>(batch: readonly T[], trial: Trial<T>): Promise<void> {
  const groups: (readonly T[])[] = [batch];
  const mostFailures = 2 * Math.ceil(Math.log2(batch.length)) + 2;
  let failures = 0;
  let hasSucceeded = false;
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const items = group.filter(trial.isWanted);
    if (items.length === 0) continue;
    try {
      await trial.attempt(items, group === batch);
      hasSucceeded = true;
    } catch (thrown) {
      failures += 1;
      const code = thrown instanceof ServingError ? thrown.code : "INTERNAL";
      const concernsAll = CONCERNS_ALL.has(code);
      if (concernsAll || (code === "INTERNAL" && !hasSucceeded && failures > mostFailures)) {
        const error = concernsAll ? thrown : ofAll(thrown);
        for (const item of [...items, ...groups.splice(0).flat()]) trial.fail(item, error);
      } else if (items.length === 1) {
        for (const item of items) trial.fail(item, thrown);
      } else {
        const half = Math.ceil(items.length / 2);
        groups.push(items.slice(half), items.slice(0, half));
      }
    }
  }
}

function ofAll(cause: unknown): ServingError {
  return new ServingError("INTERNAL", "the method fails for every batch that it is given", { cause });
}
