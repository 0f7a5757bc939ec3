import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPace } from "./pace.ts";
import { decide, type QueueFacts } from "./policy.ts";

const policy = { maxSize: 32, maxLatencyMs: 10 };
const facts = (changes: Partial<QueueFacts> = {}): QueueFacts => ({
  calls: 1,
  rows: 1,
  oldestMs: 100,
  newestMs: 100,
  deadlineMs: 60_000,
  ...changes,
});

/** A model of 20 ms for each batch and 1 ms for each row, called every 2 ms. */
function paceOfFixedCost(): ReturnType<typeof createPace> {
  const pace = createPace([
    { rows: 1, ms: 21 },
    { rows: 32, ms: 52 },
  ]);
  pace.arrived(1, 98);
  pace.arrived(1, 100);
  return pace;
}

describe("decide", () => {
  it("begins a batch that is full", () => {
    expect(decide(facts({ calls: 32, rows: 32 }), policy, createPace(), 100)).toEqual({ reason: "size" });
    expect(decide(facts({ rows: 40 }), policy, createPace(), 100)).toEqual({ reason: "size" });
    expect(decide(facts(), { ...policy, maxSize: 1 }, createPace(), 100)).toEqual({ reason: "size" });
  });

  it("waits for nobody while nothing is known of the model", () => {
    expect(decide(facts(), policy, createPace(), 100)).toEqual({ reason: "idle" });
  });

  it("waits for nobody where a batch takes as long as its calls one by one", () => {
    const pace = createPace([
      { rows: 1, ms: 5 },
      { rows: 8, ms: 40 },
    ]);
    pace.arrived(1, 100);
    pace.arrived(1, 100);
    expect(decide(facts(), policy, pace, 100)).toEqual({ reason: "idle" });
  });

  it("waits for the next call while that costs those who wait less than it saves, at most maxLatencyMs", () => {
    // The next call saves its 21 ms but for the 1 ms of its row: one call waits up to 20 ms for it, capped at 10; four wait 5 ms each.
    expect(decide(facts(), policy, paceOfFixedCost(), 100)).toEqual({ waitUntilMs: 110 });
    expect(decide(facts({ calls: 4, rows: 4 }), policy, paceOfFixedCost(), 100)).toEqual({ waitUntilMs: 105 });
    expect(decide(facts({ calls: 4, rows: 4 }), policy, paceOfFixedCost(), 105)).toEqual({ reason: "idle" });
    expect(decide(facts(), policy, paceOfFixedCost(), 110)).toEqual({ reason: "delay" });
  });

  it("does not begin to wait where the next call is not expected in time", () => {
    // Calls come every 2 ms: eleven that wait would lose 22 ms to save 20.
    expect(decide(facts({ calls: 11, rows: 11 }), policy, paceOfFixedCost(), 100)).toEqual({ reason: "idle" });
    expect(decide(facts({ calls: 9, rows: 9 }), policy, paceOfFixedCost(), 100).waitUntilMs).toBeCloseTo(100 + 20 / 9);
  });

  it("begins early enough for the first deadline, with a quarter of the predicted time to spare", () => {
    // 1.25 × 21 ms before 129 is 102.75.
    expect(decide(facts({ deadlineMs: 129 }), policy, paceOfFixedCost(), 100)).toEqual({ waitUntilMs: 102.75 });
    expect(decide(facts({ deadlineMs: 129 }), policy, paceOfFixedCost(), 103)).toEqual({ reason: "deadline" });
  });

  it("always decides: to begin, or to wait for a time that is yet to come and not past maxLatencyMs", () => {
    const time = fc.double({ min: 0, max: 1000, noNaN: true });
    const measured = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 100 }), ms: time }), { maxLength: 5 });
    const arrivals = fc.array(time, { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.record({
          measured,
          arrivals,
          calls: fc.integer({ min: 1, max: 50 }),
          more: fc.nat(50),
          maxSize: fc.integer({ min: 1, max: 64 }),
        }),
        fc.record({ maxLatencyMs: time, oldest: time, newest: time, now: time, deadline: time }),
        ({ measured, arrivals, calls, more, maxSize }, times) => {
          const pace = createPace(measured);
          let atMs = 0;
          for (const gapMs of arrivals) pace.arrived(1, (atMs += gapMs));
          const newestMs = times.oldest + times.newest;
          const nowMs = newestMs + times.now;
          const queue = { calls, rows: calls + more, oldestMs: times.oldest, newestMs, deadlineMs: times.deadline };
          const { reason, waitUntilMs } = decide(queue, { maxSize, maxLatencyMs: times.maxLatencyMs }, pace, nowMs);
          if (calls + more >= maxSize) expect(reason).toBe("size");
          if (reason !== undefined) return;
          expect(waitUntilMs).toBeGreaterThan(nowMs);
          expect(waitUntilMs).toBeLessThanOrEqual(times.oldest + times.maxLatencyMs);
          expect(waitUntilMs).toBeLessThanOrEqual(times.deadline);
        },
      ),
    );
  });
});
