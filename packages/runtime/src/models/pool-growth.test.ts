import { describe, expect, it } from "vitest";
import { isTooMany, planGrowth } from "./pool-growth.ts";

const demand = { threads: 1, room: 2, waitedMs: 100, runMs: 90 };

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
    ["there is room for no more threads", { threads: 2 }],
    ["there is room for fewer", { threads: 3 }],
    ["others use more than half of the last CPU", { room: 1.49 }],
    ["runs are too short to be worth a thread", { runMs: 0.9 }],
  ])("opens none when %s", (_why, change) => {
    expect(planGrowth({ ...demand, ...change })).toBeUndefined();
  });
});

describe("isTooMany", () => {
  it("says so where more than three quarters of a CPU lack, and never of the last thread", () => {
    expect(isTooMany({ threads: 2, room: 1.24 })).toBe(true);
    expect(isTooMany({ threads: 2, room: 1.25 })).toBe(false);
    expect(isTooMany({ threads: 1, room: 0 })).toBe(false);
  });

  it("closes nothing that planGrowth would open again", () => {
    const rooms = Array.from({ length: 300 }, (_, at) => 1 + at / 100);
    const closed = [2, 3, 4].flatMap((threads) =>
      rooms.filter((room) => isTooMany({ threads, room })).map((room) => ({ ...demand, threads: threads - 1, room })),
    );
    expect(closed.length).toBeGreaterThan(100);
    expect(closed.filter((pool) => planGrowth(pool) !== undefined)).toEqual([]);
  });
});
