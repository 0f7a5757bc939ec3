import { describe, expect, it } from "vitest";
import { planRestart } from "./restart-policy.ts";

const policy = { firstDelayMs: 100, factor: 2, maxDelayMs: 30_000, healthyMs: 60_000 };

describe("planRestart", () => {
  it("doubles the delay with each failure in a row, up to its greatest", () => {
    const delays: number[] = [];
    let failures = 0;
    for (let death = 0; death < 12; death += 1) {
      const plan = planRestart(policy, { failures, readyForMs: 5000 });
      failures = plan.failures;
      delays.push(plan.delayMs);
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
  });

  it("starts anew after a worker that was ready for a minute", () => {
    expect(planRestart(policy, { failures: 7, readyForMs: 60_000 })).toEqual({ failures: 1, delayMs: 100 });
    expect(planRestart(policy, { failures: 7, readyForMs: 59_999 })).toEqual({ failures: 8, delayMs: 12_800 });
  });

  it("counts a worker that never got ready as a failure", () => {
    expect(planRestart(policy, { failures: 1, readyForMs: undefined })).toEqual({ failures: 2, delayMs: 200 });
  });

  it("keeps to the greatest delay after any number of failures", () => {
    expect(planRestart(policy, { failures: 100_000, readyForMs: undefined }).delayMs).toBe(30_000);
  });
});
