import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { castValues } from "./cast-values.ts";

const at = (nan: "error" | "null" | "string" = "error") => ({ path: "/v", nan });

describe("castValues", () => {
  it("makes whole doubles the whole numbers that they are", () => {
    const values = Float64Array.of(1, -2, 2 ** 53);
    expect(castValues(values.subarray(0, 2), "int32", at())).toEqual(Int32Array.of(1, -2));
    expect(castValues(values.subarray(0, 2), "int64", at())).toEqual(BigInt64Array.of(1n, -2n));
  });

  it("keeps every digit of whole numbers that JSON has", () => {
    expect(castValues([9223372036854775807n, 1], "int64", at())).toEqual(BigInt64Array.of(9223372036854775807n, 1n));
  });

  it.each([
    ["int32", 1.5, "expected an int32 whole number from -2147483648 to 2147483647, got 1.5"],
    ["uint8", 256, "expected a uint8 whole number from 0 to 255, got 256"],
    ["float32", 1e39, "expected a float32 number, got 1e+39"],
    ["float64", NaN, "expected a float64 number, got NaN"],
    ["bool", 1, "expected true or false, got 1"],
    ["string", 1, "expected a string, got 1"],
  ] as const)("refuses for %s the value %d by its index", (dtype, value, message) => {
    expect(() => castValues([value], dtype, at())).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", problems: [{ path: "/v/0", message }] }),
    );
  });

  it.each(["float64", "float32"] as const)("keeps what is not finite in %s where the policy lets it", (dtype) => {
    for (const nan of ["null", "string"] as const)
      expect(Array.from(castValues(Float64Array.of(NaN, Infinity, -Infinity, 1), dtype, at(nan)))).toEqual([
        NaN,
        Infinity,
        -Infinity,
        1,
      ]);
  });

  it("keeps what is not finite in half precision", () => {
    // IEEE 754 binary16: infinity is 0x7c00, its negative 0xfc00.
    expect(castValues(Float64Array.of(Infinity, -Infinity), "float16", at("null"))).toEqual(
      Uint16Array.of(0x7c00, 0xfc00),
    );
  });

  it("rounds to float32 as the platform does, for any doubles in range", () => {
    fc.assert(
      fc.property(fc.float64Array({ min: -3e38, max: 3e38, noNaN: true }), (values) => {
        expect(castValues(values, "float32", at())).toEqual(Float32Array.from(values));
      }),
    );
  });
});
