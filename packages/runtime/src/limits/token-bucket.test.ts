import { describe, expect, it } from "vitest";
import { fullBucket, msUntil, refilled } from "./token-bucket.ts";

// 60 in a minute is one a second.
const policy = { rate: 60, windowMs: 60_000, burst: 5 };

describe("a token bucket", () => {
  it("is full at first and fills evenly, to its burst and no further", () => {
    expect(fullBucket(policy, 7)).toEqual({ tokens: 5, atMs: 7 });
    expect(refilled({ tokens: 0, atMs: 0 }, policy, 1_500)).toEqual({ tokens: 1.5, atMs: 1_500 });
    expect(refilled({ tokens: 0, atMs: 0 }, policy, 60_000)).toEqual({ tokens: 5, atMs: 60_000 });
  });

  it("leaves room for tokens that are lent out", () => {
    expect(refilled({ tokens: 0, atMs: 0 }, policy, 60_000, 2).tokens).toBe(3);
  });

  it("tells how long to wait", () => {
    expect(msUntil({ tokens: 0.5, atMs: 0 }, policy, 1)).toBe(500);
    expect(msUntil({ tokens: -2, atMs: 0 }, policy, 1)).toBe(3_000);
    expect(msUntil({ tokens: 1, atMs: 0 }, policy, 1)).toBe(0);
  });

  it("gets nothing from a clock that goes back, and nothing twice when it comes forward again", () => {
    const back = refilled({ tokens: 1, atMs: 1_000 }, policy, 0);
    expect(back).toEqual({ tokens: 1, atMs: 1_000 });
    expect(refilled(back, policy, 1_000).tokens).toBe(1);
  });
});
