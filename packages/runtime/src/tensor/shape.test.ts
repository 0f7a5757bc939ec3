import { describe, expect, it } from "vitest";
import { elementCount, fitsShape, formatShape } from "./shape.ts";

describe("elementCount", () => {
  it("multiplies the sizes; a scalar has one element, a size of 0 leaves none", () => {
    expect(elementCount([2, 3, 4])).toBe(24);
    expect(elementCount([])).toBe(1);
    expect(elementCount([5, 0, 7])).toBe(0);
  });

  it.each([[[-1]], [[1.5]], [[NaN]], [[Infinity]]])("refuses the size in %j", (shape) => {
    expect(() => elementCount(shape)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("whole numbers ≥ 0") }),
    );
  });

  it("refuses more elements than can be counted", () => {
    expect(() => elementCount([2 ** 30, 2 ** 30])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "shape [1073741824,1073741824] holds more elements than can be counted",
      }),
    );
  });

  it("counts no elements when one size is 0, however large the others are", () => {
    expect(elementCount([2 ** 30, 2 ** 30, 0])).toBe(0);
    expect(elementCount([0, 2 ** 53 - 1, 2 ** 53 - 1])).toBe(0);
  });
});

describe("fitsShape", () => {
  it("leaves null, names and negative sizes free", () => {
    expect(fitsShape([7, 3, 2, 4], [null, "rows", -1, 4])).toBe(true);
  });

  it("compares rank and fixed sizes", () => {
    expect(fitsShape([7], [null, 4])).toBe(false);
    expect(fitsShape([7, 5], [null, 4])).toBe(false);
    expect(fitsShape([], [])).toBe(true);
    expect(fitsShape([0], [0])).toBe(true);
    expect(fitsShape([1], [0])).toBe(false);
  });
});

describe("formatShape", () => {
  it("writes free sizes as -1 or by name", () => {
    expect(formatShape([null, "rows", 3])).toBe("[-1,rows,3]");
    expect(formatShape([])).toBe("[]");
  });
});
