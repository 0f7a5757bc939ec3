import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean } from "./did-you-mean.ts";

describe("didYouMean", () => {
  it("finds the name that was mistyped, letter case aside", () => {
    expect(didYouMean("pixel_values", ["input_ids", "pixels", "pixel_value"])).toBe("pixel_value");
    expect(didYouMean("X", ["x", "y"])).toBe("x");
    expect(didYouMean("variabel", ["variable"])).toBe("variable");
  });

  it("stays silent when nothing is near", () => {
    expect(didYouMean("temperature", ["x", "sr"])).toBeUndefined();
    expect(didYouMean("x", [])).toBeUndefined();
  });

  it("gives one of the known names or none, also for very long ones", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 10_000 }), fc.array(fc.string()), (name, known) => {
        const meant = didYouMean(name, known);
        expect(meant === undefined || known.includes(meant)).toBe(true);
      }),
    );
  });
});
