import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findHungRun, watchHungRuns } from "./watch-hung-runs.ts";

const handle = (source: string): { handle: { source: string } } => ({ handle: { source } });
const models = (...dues: (number | undefined)[]): Parameters<typeof findHungRun>[0] =>
  dues.map((dueMs, at) => ({ dueMs, ...handle(`${at}.onnx`) }) as Parameters<typeof findHungRun>[0][number]);

describe("findHungRun", () => {
  it("names the model of a run that goes on past the time of its call and the grace", () => {
    const clock = { graceMs: 500, nowMs: 2000 };
    expect(findHungRun(models(undefined, 1500), clock)).toBeUndefined();
    expect(findHungRun(models(undefined, 1499), clock)).toBe(
      'a run of model "1.onnx" goes on 500 ms after the time of its call',
    );
  });

  it("finds none where runs may go on for ever", () => {
    expect(findHungRun(models(1), { graceMs: null, nowMs: 1e12 })).toBeUndefined();
  });
});

describe("watchHungRuns", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("tells at once, again each half minute while the run goes on, and not once it is stopped", () => {
    const told: string[] = [];
    const reasons: string[] = [];
    const stop = watchHungRuns(
      () => reasons[0],
      (reason) => told.push(reason),
    );
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
    reasons.push("hangs");
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(["hangs"]);
    vi.advanceTimersByTime(29_000);
    expect(told).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect(told).toHaveLength(2);
    stop();
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
  });
});
