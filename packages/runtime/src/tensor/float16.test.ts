import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bfloat16ToNumber, float16ToNumber, numberToBfloat16, numberToFloat16 } from "./float16.ts";

/** The engine's own binary16, part of JavaScript since ES2025: what our functions must agree with. */
interface Float16View {
  getFloat16(offset: number): number;
  setFloat16(offset: number, value: number): void;
}

const view = new DataView(new ArrayBuffer(8));
const engine = view as DataView & Float16View;

describe("float16", () => {
  it("reads all 65536 bit patterns as the engine does", () => {
    for (let bits = 0; bits < 65536; bits++) {
      view.setUint16(0, bits);
      expect(Object.is(float16ToNumber(bits), engine.getFloat16(0)), `bits ${bits.toString(16)}`).toBe(true);
    }
  });

  it("writes back every number it has read", () => {
    const patterns = Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => !Number.isNaN(float16ToNumber(bits)),
    );
    expect(patterns.map((bits) => numberToFloat16(float16ToNumber(bits)))).toEqual(patterns);
  });

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000], // half of the smallest: the even neighbour is 0
    [1.5 * 2 ** -24, 0x0002], // a tie between 1 and 2 units: 2 is even
    [2 ** -14, 0x0400],
    [-0, 0x8000],
    [NaN, 0x7e00],
    [1 + 2 ** -11, 0x3c00], // a tie between 1 and 1 + 2^-10: 1 is even
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -40, 0x3c01],
    [2047.9999, 0x6800], // the fraction carries into the exponent
  ])("rounds %d to bits %d", (value, bits) => {
    expect(numberToFloat16(value)).toBe(bits);
  });

  it("rounds any number as the engine does", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.double({ min: -70000, max: 70000 }), fc.double({ min: -0.0001, max: 0.0001 })),
        (value) => {
          engine.setFloat16(0, value);
          if (!Number.isNaN(value)) expect(numberToFloat16(value)).toBe(view.getUint16(0));
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("bfloat16", () => {
  it.each([
    [1, 0x3f80],
    [-2, 0xc000],
    [0, 0],
    [-0, 0x8000],
    [3.140625, 0x4049],
    [Math.PI, 0x4049],
    [Infinity, 0x7f80],
    [NaN, 0x7fc0],
    [1 + 2 ** -8, 0x3f80], // a tie: the even neighbour is 1
    [1 + 3 * 2 ** -8, 0x3f82],
    [1 + 2 ** -8 + 2 ** -40, 0x3f81], // binary32 would call it a tie: rounding twice gives 1
    [1 + 3 * 2 ** -8 - 2 ** -40, 0x3f81],
    [3.3895313892515355e38, 0x7f7f],
    [3.4e38, 0x7f80],
    [2 ** -133, 0x0001],
  ])("rounds %d to bits %d", (value, bits) => {
    expect(numberToBfloat16(value)).toBe(bits);
  });

  it("writes back every number it has read", () => {
    const patterns = Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => !Number.isNaN(bfloat16ToNumber(bits)),
    );
    expect(patterns.map((bits) => numberToBfloat16(bfloat16ToNumber(bits)))).toEqual(patterns);
  });

  it("picks the nearer of the two neighbours", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e30, max: 1e30, noNaN: true }), (value) => {
        const bits = numberToBfloat16(value);
        const distance = Math.abs(bfloat16ToNumber(bits) - value);
        expect(distance).toBeLessThanOrEqual(Math.abs(bfloat16ToNumber(bits + 1) - value));
        if ((bits & 0x7fff) > 0) expect(distance).toBeLessThanOrEqual(Math.abs(bfloat16ToNumber(bits - 1) - value));
      }),
    );
  });
});
