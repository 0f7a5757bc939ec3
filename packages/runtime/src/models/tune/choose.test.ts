import { describe, expect, it } from "vitest";
import { choosePlace, chooseThreadsAndBatch } from "./choose.ts";
import type { TuneMeasurement } from "./tune-file.ts";

const inline = (threads: number, batch: number, p50Ms: number): TuneMeasurement => ({
  place: "inline",
  threads,
  batch,
  runs: 9,
  p50Ms,
  p95Ms: p50Ms,
});

describe("chooseThreadsAndBatch", () => {
  it("takes a second thread where it saves more than a tenth of what an item costs at the knee", () => {
    const one = [inline(1, 1, 10), inline(1, 2, 16), inline(1, 4, 32)];
    // 8 ms an item with one thread; 7.3 is not a tenth less, 7 is.
    expect(chooseThreadsAndBatch([...one, inline(2, 1, 9), inline(2, 2, 14.6)], { cpusPerWorker: 2 })).toEqual({
      threads: 1,
      batch: 2,
    });
    expect(chooseThreadsAndBatch([...one, inline(2, 1, 7)], { cpusPerWorker: 2 })).toEqual({ threads: 2, batch: 1 });
  });

  it("chooses no more threads than a worker has CPUs, but for those that the author fixed", () => {
    const both = [inline(1, 1, 10), inline(2, 1, 5)];
    expect(chooseThreadsAndBatch(both, { cpusPerWorker: 1 }).threads).toBe(1);
    expect(chooseThreadsAndBatch([inline(4, 1, 5)], { cpusPerWorker: 1 }).threads).toBe(4);
  });
});

describe("choosePlace", () => {
  it("leaves up to 5 ms inline, judged by the batch that is run", () => {
    const measured = [inline(1, 1, 2), inline(1, 8, 5.1), inline(1, 4, 5)];
    expect([1, 4, 8].map((batch) => choosePlace(measured, batch))).toEqual(["inline", "inline", "thread"]);
  });
});
