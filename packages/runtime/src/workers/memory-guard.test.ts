import { describe, expect, it } from "vitest";
import { chooseOversized } from "./memory-guard.ts";

const policy = { markBytes: 1000, intervalMs: 60_000 };
const worker = (id: number, rssBytes: number, readyForMs = 120_000) => ({ id, rssBytes, readyForMs });

describe("chooseOversized", () => {
  it("chooses the largest worker past the mark", () => {
    expect(chooseOversized(policy, [worker(0, 900), worker(1, 1500), worker(2, 1200)], undefined)).toBe(1);
  });

  it("chooses none at the mark, and the first worker as well as any", () => {
    expect(chooseOversized(policy, [worker(0, 1000)], undefined)).toBeUndefined();
    expect(chooseOversized(policy, [worker(0, 1001)], undefined)).toBe(0);
  });

  it("waits between two replacements", () => {
    expect(chooseOversized(policy, [worker(0, 2000)], 59_999)).toBeUndefined();
    expect(chooseOversized(policy, [worker(0, 2000)], 60_000)).toBe(0);
  });

  it("leaves a young worker alone, even a large one", () => {
    expect(chooseOversized(policy, [worker(0, 9000, 59_999), worker(1, 1100)], undefined)).toBe(1);
    expect(chooseOversized(policy, [worker(0, 9000, 59_999)], undefined)).toBeUndefined();
  });
});
