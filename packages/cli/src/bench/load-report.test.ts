import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadFigures, nearestRank } from "./load-report.ts";

const record = (latenciesMs: readonly number[], failed = 0) => ({
  latenciesMs,
  byStatus: new Map([
    ...(latenciesMs.length > 0 ? [["200", latenciesMs.length] as const] : []),
    ["503", failed] as const,
  ]),
  sentBytes: 10,
  receivedBytes: 20,
  elapsedMs: 2000,
});

describe("loadFigures", () => {
  it("tells percentiles by nearest rank, throughput of what succeeded, and failures apart", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(loadFigures(record(hundred, 7))).toMatchObject({
      seconds: 2,
      calls: 107,
      succeeded: 100,
      perSecond: 50,
      latencyMs: { mean: 50.5, p50: 50, p90: 90, p95: 95, p99: 99, max: 100 },
      statuses: { "200": 100, "503": 7 },
      bytes: { sent: 10, received: 20 },
    });
  });

  it("has no latencies where nothing succeeded", () => {
    expect(loadFigures(record([], 3))).toMatchObject({ succeeded: 0, perSecond: 0, latencyMs: null, distribution: [] });
  });

  it("has one range where all calls took as long", () => {
    expect(loadFigures(record([5, 5])).distribution).toEqual([{ fromMs: 5, toMs: 5, calls: 2 }]);
  });

  const latencies = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 200 });

  it("counts every call in one range, and the ranges meet", () => {
    fc.assert(
      fc.property(latencies, (ms) => {
        const { distribution } = loadFigures(record(ms));
        expect(distribution.reduce((sum, { calls }) => sum + calls, 0)).toBe(ms.length);
        for (const [index, { fromMs }] of distribution.entries())
          if (index > 0) expect(fromMs).toBe(distribution[index - 1]?.toMs);
      }),
    );
  });

  it("has percentiles that never fall, and that are latencies which were seen", () => {
    fc.assert(
      fc.property(latencies, (ms) => {
        const ascending = [...ms].sort((a, b) => a - b);
        const shares = [0, 0.25, 0.5, 0.9, 0.99, 1].map((share) => nearestRank(ascending, share));
        expect([...shares].sort((a, b) => a - b)).toEqual(shares);
        expect(shares.every((value) => ms.includes(value))).toBe(true);
        expect(shares.at(-1)).toBe(ascending.at(-1));
      }),
    );
  });
});
