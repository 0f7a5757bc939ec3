import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPace } from "./pace.ts";

describe("createPace", () => {
  it("knows nothing before a batch ran", () => {
    const pace = createPace();
    expect([pace.predict(1), pace.savedBy(1), pace.gapMs]).toEqual([undefined, 0, Infinity]);
  });

  it("takes one size for proportional, so that waiting saves nothing as far as it knows", () => {
    const pace = createPace([{ rows: 4, ms: 20 }]);
    expect([pace.predict(1), pace.predict(4), pace.predict(8), pace.savedBy(4)]).toEqual([5, 20, 40, 0]);
  });

  it("predicts on the line between the sizes that it has seen, and past them", () => {
    const pace = createPace([
      { rows: 1, ms: 21 },
      { rows: 11, ms: 31 },
      { rows: 21, ms: 51 },
    ]);
    expect([1, 6, 16, 31].map((rows) => pace.predict(rows))).toEqual([21, 26, 41, 71]);
    // One row more: 21 ms alone, 1 ms in a batch of 6, 2 ms in one of 16.
    expect([pace.savedBy(6), pace.savedBy(16)]).toEqual([20, 19]);
  });

  it("follows a model that becomes slower", () => {
    const pace = createPace([{ rows: 1, ms: 10 }]);
    for (let run = 0; run < 20; run += 1) pace.ran(1, 30);
    expect(pace.predict(1)).toBeGreaterThan(29);
  });

  it("learns how often calls come", () => {
    const pace = createPace();
    for (let call = 0; call <= 20; call += 1) pace.arrived(1, call * 5);
    expect(pace.gapMs).toBeCloseTo(5);
    for (let call = 1; call <= 20; call += 1) pace.arrived(1, 100 + call);
    expect(pace.gapMs).toBeLessThan(1.1);
  });

  it("predicts times that are finite and not below zero, whatever it saw", () => {
    const run = fc.record({ rows: fc.nat(5000), ms: fc.double({ min: 0, max: 1e5, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(run, { minLength: 1 }), fc.nat(6000), (runs, rows) => {
        const pace = createPace();
        for (const { rows: ran, ms } of runs) pace.ran(ran, ms);
        const ms = pace.predict(rows);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(ms)).toBe(true);
        expect(pace.savedBy(rows)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
