import { describe, expect, it } from "vitest";
import { measureRounds, type RoundOptions } from "./measure-rounds.ts";

/** A clock that runs move on; `order` tells which candidate ran when. */
function fakes(...times: readonly (readonly number[])[]) {
  let time = 0;
  const order: number[] = [];
  const counts = times.map(() => 0);
  const candidates = times.map((own, index) => async () => {
    const count = counts[index] ?? 0;
    counts[index] = count + 1;
    order.push(index);
    time += own[Math.min(count, own.length - 1)] ?? 0;
  });
  const options: RoundOptions = {
    now: () => time,
    untilMs: Infinity,
    maxRounds: 2,
    visitMs: 0,
    signal: new AbortController().signal,
  };
  return { candidates, options, order };
}

describe("measureRounds", () => {
  it("visits all candidates in each round, to and fro, with one run that does not count", async () => {
    const { candidates, options, order } = fakes([0], [0], [0]);
    const timings = await measureRounds(candidates, options);
    expect(order).toEqual([0, 0, 1, 1, 2, 2, 2, 2, 1, 1, 0, 0]);
    expect(timings.map(({ runs }) => runs)).toEqual([2, 2, 2]);
  });

  it("runs a fast candidate again until its visit is over, a slow one once and without warming up", async () => {
    const { candidates, options, order } = fakes([1], [50]);
    const timings = await measureRounds(candidates, { ...options, visitMs: 4 });
    expect(timings.map(({ runs }) => runs)).toEqual([8, 2]);
    // One round with the run that does not count, one without.
    expect(order.filter((index) => index === 1)).toHaveLength(3);
  });

  it("gives the median of the rounds' medians: one disturbed round counts for one", async () => {
    // The first run does not count.
    const { candidates, options } = fakes([9, 2, 100, 3]);
    const [timing] = await measureRounds(candidates, { ...options, maxRounds: 3 });
    expect(timing).toEqual({ runs: 3, p50Ms: 3, p95Ms: 100 });
  });

  it("measures one round at least, and begins none when the time is up", async () => {
    const { candidates, options } = fakes([10]);
    expect(await measureRounds(candidates, { ...options, untilMs: 0, maxRounds: 9 })).toMatchObject([{ runs: 1 }]);
    const again = fakes([10]);
    // The first round is two runs of 10 ms, the second is one: the third would begin at 30.
    expect(await measureRounds(again.candidates, { ...again.options, untilMs: 30, maxRounds: 9 })).toMatchObject([
      { runs: 2 },
    ]);
  });

  it("ends between two runs with the reason of the signal", async () => {
    const controller = new AbortController();
    const { candidates, options, order } = fakes([1]);
    const stopping = [...candidates, async () => controller.abort(new Error("enough"))];
    await expect(measureRounds(stopping, { ...options, signal: controller.signal })).rejects.toThrow("enough");
    expect(order).toEqual([0, 0]);
  });
});
