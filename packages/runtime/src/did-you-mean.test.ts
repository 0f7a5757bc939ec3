import { describe, expect, it } from "vitest";
import { didYouMean, nearestName } from "./did-you-mean.ts";

describe("nearestName", () => {
  it.each([
    ["RMM", ["CRIM", "RM", "AGE"], "RM"],
    ["rm", ["CRIM", "RM"], "RM"],
    ["pixls", ["pixels", "labels"], "pixels"],
    ["x", ["y", "label"], undefined],
    ["x", ["X"], "X"],
    ["xs", ["x"], "x"],
    ["banana", ["CRIM", "RM"], undefined],
    ["RM", [], undefined],
    ["R".repeat(101), ["R".repeat(100)], undefined],
  ])("takes %s for the nearest of %j: %s", (name, known, expected) => {
    expect(nearestName(name, known)).toBe(expected);
  });

  it("says nothing when no name is near", () => {
    expect(didYouMean("RMM", ["RM"])).toBe(', did you mean "RM"?');
    expect(didYouMean("banana", ["RM"])).toBe("");
  });
});
