import { describe, expect, it } from "vitest";
import { percentile } from "./percentile.ts";

describe("percentile", () => {
  it("takes the nearest rank, whatever the order", () => {
    // The example of Wikipedia, "Percentile", nearest-rank method.
    expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => percentile([35, 15, 50, 20, 40], share))).toEqual([
      15, 20, 20, 35, 50,
    ]);
  });

  it("gives the least for no share, and nothing for no numbers", () => {
    expect(percentile([2, 1], 0)).toBe(1);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
