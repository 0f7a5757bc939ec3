import { describe, expect, it } from "vitest";
import { planGrowth } from "./pool-growth.ts";

const demand = { threads: 1, maxThreads: 2, waitedMs: 100, runMs: 90 };

describe("planGrowth", () => {
  it("opens a thread when a run has waited for half as long as running takes", () => {
    expect(planGrowth({ ...demand, waitedMs: 45 })).toBe("open");
    expect(planGrowth({ ...demand, waitedMs: 44 })).toBe(1);
  });

  it("waits for half a second at the most, and for 5 ms at least", () => {
    expect(planGrowth({ ...demand, runMs: 60_000, waitedMs: 500 })).toBe("open");
    expect(planGrowth({ ...demand, runMs: 60_000, waitedMs: 499 })).toBe(1);
    expect(planGrowth({ ...demand, runMs: 2, waitedMs: 4 })).toBe(1);
    expect(planGrowth({ ...demand, runMs: undefined, waitedMs: 1 })).toBe(4);
  });

  it.each([
    ["nothing waits", { waitedMs: undefined }],
    ["as many threads are open as may be", { threads: 2 }],
    ["more are open than may be", { threads: 3 }],
    ["runs are too short to be worth a thread", { runMs: 0.9 }],
  ])("opens none when %s", (_why, change) => {
    expect(planGrowth({ ...demand, ...change })).toBeUndefined();
  });
});
