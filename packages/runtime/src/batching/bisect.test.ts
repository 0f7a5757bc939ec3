import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../errors.ts";
import { runIsolated } from "./bisect.ts";

interface Outcome {
  readonly runs: number[][];
  readonly done: number[];
  readonly failed: Map<number, unknown>;
}

/** Runs items of which some can't be computed; a run with one of them throws what they throw. */
async function run(
  items: readonly number[],
  bad: ReadonlyMap<number, unknown>,
  unwanted: readonly number[] = [],
): Promise<Outcome> {
  const outcome: Outcome = { runs: [], done: [], failed: new Map() };
  await runIsolated(items, {
    attempt: async (group) => {
      outcome.runs.push([...group]);
      for (const item of group) if (bad.has(item)) throw bad.get(item);
      outcome.done.push(...group);
    },
    fail: (item, error) => outcome.failed.set(item, error),
    isWanted: (item) => !unwanted.includes(item),
  });
  return outcome;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const invalid = (item: number): ServingError => new ServingError("INVALID_ARGUMENT", `item ${item} is bad`);
const badOnes = (items: readonly number[]): Map<number, unknown> => new Map(items.map((item) => [item, invalid(item)]));

describe("runIsolated", () => {
  it("runs a batch that succeeds once", async () => {
    expect(await run(upTo(8), new Map())).toEqual({ runs: [upTo(8)], done: upTo(8), failed: new Map() });
  });

  it("finds the bad item among 32 in ten runs more, and gives it its own error", async () => {
    const bad = badOnes([7]);
    const { runs, done, failed } = await run(upTo(32), bad);
    expect(runs).toHaveLength(11);
    expect(done.sort((a, b) => a - b)).toEqual(upTo(32).filter((item) => item !== 7));
    expect([...failed]).toEqual([[7, bad.get(7)]]);
  });

  it.each(["UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"] as const)(
    "fails all without another run for %s, which no item is at fault for",
    async (code) => {
      const error = new ServingError(code, "not now");
      const { runs, failed } = await run(upTo(4), new Map([[2, error]]));
      expect(runs).toHaveLength(1);
      expect([...failed]).toEqual(upTo(4).map((item) => [item, error]));
    },
  );

  it("gives up on a service that fails for every batch, and shows none of its error to callers", async () => {
    const fault = new Error("secret");
    const { runs, failed } = await run(upTo(64), new Map(upTo(64).map((item) => [item, fault])));
    expect(runs.length).toBeLessThanOrEqual(15);
    expect(failed.size).toBe(64);
    expect(failed.get(63)).toMatchObject({ code: "INTERNAL", cause: fault });
  });

  it("does not run again for callers who have left", async () => {
    const { runs, done } = await run(upTo(4), badOnes([0]), [2, 3]);
    expect(runs).toEqual([[0, 1], [0], [1]]);
    expect(done).toEqual([1]);
  });

  it("gives every item its own outcome, whichever are bad, in at most 2n − 1 runs", async () => {
    const count = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(count, fc.array(fc.nat(39)), async (size, picked) => {
        const bad = badOnes(picked.filter((item) => item < size));
        const { runs, done, failed } = await run(upTo(size), bad);
        expect(failed).toEqual(bad);
        expect(done.sort((a, b) => a - b)).toEqual(upTo(size).filter((item) => !bad.has(item)));
        expect(runs.length).toBeLessThanOrEqual(2 * size - 1);
      }),
    );
  });
});
