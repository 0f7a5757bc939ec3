import { describe, expect, it } from "vitest";
import { describeValue } from "./describe-value.ts";

describe("describeValue", () => {
  it.each<[unknown, string]>([
    ["oops", '"oops"'],
    ["x".repeat(41), `"${"x".repeat(40)}…"`],
    ["a\n\u0000\ud800", '"a\\n\\u0000\\ud800"'],
    [1.5, "1.5"],
    [-0, "-0"],
    [NaN, "NaN"],
    [10n ** 50n, `1${"0".repeat(39)}…`],
    [null, "null"],
    [undefined, "undefined"],
    [true, "true"],
    [[1, 2], "a list of 2"],
    [{ a: 1 }, "an object"],
    [Object.create(null), "an object"],
    [new Date(0), "a Date"],
    [new Float32Array(2), "a Float32Array"],
    [() => 1, "a function"],
  ])("names %s", (value, expected) => {
    expect(describeValue(value)).toBe(expected);
  });
});
