import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrainRate, isHopeless } from "./drain-rate.ts";

/** A queue that is never empty, from which rows leave by a plan of gaps and counts; gives the measure and the time. */
function drain(departures: readonly { readonly gapMs: number; readonly rows: number }[]) {
  let nowMs = 0;
  const rate = createDrainRate(() => nowMs);
  rate.began();
  for (const { gapMs, rows } of departures) {
    nowMs += gapMs;
    rate.served(rows);
  }
  return rate;
}

describe("the drain rate", () => {
  it("knows nothing of a queue from which nothing has left", () => {
    const rate = createDrainRate(() => 0);
    rate.began();
    expect(rate.msFor(10)).toBeUndefined();
    expect(rate.isCertain).toBe(false);
  });

  it("is that of rows that leave evenly", () => {
    const rate = drain(Array.from({ length: 50 }, () => ({ gapMs: 90, rows: 1 })));
    expect(rate.msFor(100)).toBeCloseTo(9_000);
    expect(rate.isCertain).toBe(true);
  });

  it("is that of rows that leave in batches", () => {
    const batch = [{ gapMs: 200, rows: 1 }, ...Array.from({ length: 31 }, () => ({ gapMs: 0, rows: 1 }))];
    const rate = drain(Array.from({ length: 40 }, () => batch).flat());
    // 32 rows in 200 ms.
    expect(rate.msFor(32)).toBeGreaterThan(180);
    expect(rate.msFor(32)).toBeLessThan(220);
  });

  it("follows a server that becomes ten times slower within some seconds", () => {
    const fast = Array.from({ length: 1_000 }, () => ({ gapMs: 10, rows: 1 }));
    const slow = Array.from({ length: 50 }, () => ({ gapMs: 100, rows: 1 }));
    const ms = drain([...fast, ...slow]).msFor(1) ?? 0;
    expect(ms).toBeGreaterThan(50);
    expect(ms).toBeLessThanOrEqual(100);
  });

  it("is told to be slower also of a queue from which nothing has left since it began", () => {
    let nowMs = 0;
    const rate = createDrainRate(() => nowMs);
    rate.began();
    expect(rate.msToWait(1)).toBe(0);
    nowMs += 5_000;
    // Without a pace: at least as long as it stands already.
    expect(rate.msToWait(100)).toBe(5_000);
    for (let at = 0; at < 1_000; at += 1) {
      nowMs += 10;
      rate.served(1);
    }
    nowMs += 3_600_000;
    expect(rate.msToWait(0)).toBe(0);
    rate.began();
    expect(rate.msToWait(100)).toBeCloseTo(1_000);
    nowMs += 5_000;
    expect(rate.msToWait(100)).toBeGreaterThan(2_000);
    nowMs += 55_000;
    expect(rate.msToWait(100)).toBeGreaterThan(20_000);
  });

  it("is told to be slower while nothing leaves, and no more once something does", () => {
    let nowMs = 0;
    const rate = createDrainRate(() => nowMs);
    const leave = (): void => {
      for (let at = 0; at < 1_000; at += 1) {
        nowMs += 10;
        rate.served(1);
      }
    };
    expect(rate.msToWait(100)).toBe(0);
    rate.began();
    leave();
    expect(rate.msToWait(100)).toBeCloseTo(1_000);
    // No longer than one row takes: that is no sign of anything.
    nowMs += 10;
    expect(rate.msToWait(100)).toBeCloseTo(1_000);
    nowMs += 30_000;
    expect(rate.msToWait(100)).toBeGreaterThan(10_000);
    expect(rate.msFor(100)).toBeCloseTo(1_000);
    leave();
    expect(rate.msToWait(100)).toBeLessThan(1_500);
  });

  it("does not count the time in which nothing waited", () => {
    let nowMs = 0;
    const rate = createDrainRate(() => nowMs);
    const busy = (): void => {
      rate.began();
      for (let at = 0; at < 20; at += 1) {
        nowMs += 100;
        rate.served(1);
      }
    };
    busy();
    nowMs += 3_600_000;
    rate.began();
    expect(rate.isCertain).toBe(false);
    expect(rate.msFor(10)).toBeCloseTo(1_000);
    busy();
    expect(rate.msFor(10)).toBeCloseTo(1_000);
  });

  it("is within a factor of two of any steady pace, however unevenly calls and their rows come", () => {
    const jitter = fc.double({ min: 0.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 1, max: 64 }),
        fc.array(jitter, { minLength: 100, maxLength: 100 }),
        (gapMs, rows, jitters) => {
          const rate = drain(jitters.map((factor) => ({ gapMs: gapMs * factor, rows })));
          const trueMs = gapMs / rows;
          expect(rate.msFor(1)).toBeGreaterThan(trueMs / 2);
          expect(rate.msFor(1)).toBeLessThan(trueMs * 2);
        },
      ),
    );
  });
});

describe("a call that waits", () => {
  it("is hopeless when waiting takes more than three quarters of its time", () => {
    expect(isHopeless(7_500, 10_000)).toBe(false);
    expect(isHopeless(7_501, 10_000)).toBe(true);
    expect(isHopeless(0, 1)).toBe(false);
  });
});
