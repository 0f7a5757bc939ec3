import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cost, findKnee } from "./knee.ts";

const costs = (table: Readonly<Record<number, number>>): readonly Cost[] =>
  Object.entries(table).map(([size, itemMs]) => ({ size: Number(size), itemMs }));

describe("findKnee", () => {
  it("picks no batch beyond 8 of a net that gets slower after it", () => {
    // The text-direction net, as measured: 0.97 is not 5 % less than 1.00.
    expect(findKnee(costs({ 1: 1.14, 2: 1.05, 4: 1.0, 8: 0.97, 16: 1.64, 32: 2.42 }), 0.05).size).toBe(4);
    expect(findKnee(costs({ 1: 1.14, 8: 0.97, 16: 1.64, 32: 2.42 }), 0.05).size).toBe(8);
  });

  it("goes on as long as larger batches bring more than the tolerance", () => {
    // The random forest, as measured.
    expect(findKnee(costs({ 1: 20.9, 10: 2.6, 100: 0.9, 1000: 0.7 }), 0.05).size).toBe(1000);
    expect(findKnee(costs({ 1: 20.9, 10: 2.6, 100: 0.9, 1000: 0.87 }), 0.05).size).toBe(100);
  });

  it("looks past a small bump to what lies behind it", () => {
    expect(findKnee(costs({ 1: 10, 2: 10.2, 4: 5 }), 0.05).size).toBe(4);
  });

  it("takes the smallest where nothing is gained, and the only one where there is one", () => {
    expect(findKnee(costs({ 1: 2, 2: 2, 4: 1.95 }), 0.05).size).toBe(1);
    expect(findKnee(costs({ 3: 2 }), 0.05).size).toBe(3);
  });

  it("throws without costs", () => {
    expect(() => findKnee([], 0.05)).toThrow("no costs were measured");
  });

  const anyCosts = fc.uniqueArray(
    fc.record({ size: fc.integer({ min: 1, max: 4096 }), itemMs: fc.double({ min: 1e-3, max: 1e4, noNaN: true }) }),
    { minLength: 1, maxLength: 14, selector: ({ size }) => size },
  );
  const tolerance = fc.double({ min: 0, max: 0.5, noNaN: true });

  it("is never past the cheapest size, nor dearer than it by more than the tolerance", () => {
    fc.assert(
      fc.property(anyCosts, tolerance, (some, allowed) => {
        const knee = findKnee(some, allowed);
        const cheapest = some.reduce((best, cost) => (cost.itemMs < best.itemMs ? cost : best));
        expect(knee.size).toBeLessThanOrEqual(cheapest.size);
        expect(knee.itemMs * (1 - allowed)).toBeLessThanOrEqual(cheapest.itemMs);
      }),
    );
  });

  it("does not depend on the order of measuring, nor on the machine's speed", () => {
    fc.assert(
      fc.property(anyCosts, (some) => {
        const faster = some.map(({ size, itemMs }) => ({ size, itemMs: itemMs / 4 }));
        expect(findKnee([...some].reverse(), 0.05)).toEqual(findKnee(some, 0.05));
        expect(findKnee(faster, 0.05).size).toBe(findKnee(some, 0.05).size);
      }),
    );
  });
});
