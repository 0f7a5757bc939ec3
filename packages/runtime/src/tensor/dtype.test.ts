import { describe, expect, it } from "vitest";
import { CREATE_DATA, DTYPE_NAMES, DTYPES, isDType } from "./dtype.ts";

describe("DTYPES", () => {
  it("lists the fourteen element types once each, with distinct V2 names", () => {
    expect(DTYPE_NAMES).toEqual([
      "float32",
      "float64",
      "float16",
      "bfloat16",
      "int8",
      "uint8",
      "int16",
      "uint16",
      "int32",
      "uint32",
      "int64",
      "uint64",
      "bool",
      "string",
    ]);
    expect(new Set(Object.values(DTYPES).map((row) => row.v2)).size).toBe(14);
  });

  it.each([
    ["int8", -128n, 127n],
    ["uint8", 0n, 255n],
    ["int16", -32768n, 32767n],
    ["uint16", 0n, 65535n],
    ["int32", -2147483648n, 2147483647n],
    ["uint32", 0n, 4294967295n],
    ["int64", -9223372036854775808n, 9223372036854775807n],
    ["uint64", 0n, 18446744073709551615n],
  ] as const)("gives %s its range", (dtype, min, max) => {
    expect([BigInt(DTYPES[dtype].min), BigInt(DTYPES[dtype].max)]).toEqual([min, max]);
  });

  it("makes arrays whose elements have the size of the table", () => {
    for (const dtype of DTYPE_NAMES) {
      const data = CREATE_DATA[dtype](3);
      expect(data).toHaveLength(3);
      if (ArrayBuffer.isView(data)) expect(data.byteLength).toBe(3 * Number(DTYPES[dtype].bytes));
    }
    expect(CREATE_DATA.string(2)).toEqual(["", ""]);
    expect(CREATE_DATA.int64(1)).toEqual(BigInt64Array.of(0n));
  });

  it("takes no inherited name for an element type", () => {
    expect(isDType("float32")).toBe(true);
    expect(isDType("FP32")).toBe(false);
    expect(isDType("toString")).toBe(false);
    expect(isDType("__proto__")).toBe(false);
  });
});
