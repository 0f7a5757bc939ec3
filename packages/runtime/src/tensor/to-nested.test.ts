import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CREATE_DATA, DTYPE_NAMES, type DType } from "./dtype.ts";
import { ELEMENTS } from "./elements.ts";
import { numberToBfloat16, numberToFloat16 } from "./float16.ts";
import { fromNested } from "./from-nested.ts";
import { elementCount } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import { toNested } from "./to-nested.ts";

describe("toNested", () => {
  it("writes rows in row-major order", () => {
    expect(toNested({ dtype: "float32", shape: [2, 1, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) })).toEqual([
      [[1, 2, 3]],
      [[4, 5, 6.5]],
    ]);
    expect(toNested({ dtype: "string", shape: [2, 1], data: ["a", "b"] })).toEqual([["a"], ["b"]]);
    expect(toNested({ dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) })).toEqual([false, true]);
  });

  it("writes a scalar as a plain value", () => {
    expect(toNested({ dtype: "float64", shape: [], data: Float64Array.of(0.1) })).toBe(0.1);
    expect(toNested({ dtype: "bool", shape: [], data: Uint8Array.of(1) })).toBe(true);
    expect(toNested({ dtype: "string", shape: [], data: ["x"] })).toBe("x");
  });

  it("writes zero-size tensors", () => {
    expect(toNested({ dtype: "float32", shape: [0, 3], data: new Float32Array(0) })).toEqual([]);
    expect(toNested({ dtype: "float32", shape: [2, 0], data: new Float32Array(0) })).toEqual([[], []]);
    expect(toNested({ dtype: "float32", shape: [2, 0, 3], data: new Float32Array(0) })).toEqual([[], []]);
  });

  it("refuses a zero-size tensor that would be a billion empty lists", () => {
    expect(() => toNested({ dtype: "float32", shape: [1_000_000_000, 0], data: new Float32Array(0) })).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining("too many empty lists") }),
    );
  });

  it("writes the values of float16 and bfloat16, not their bits", () => {
    expect(toNested({ dtype: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) })).toEqual([1, -2]);
    expect(toNested({ dtype: "bfloat16", shape: [2], data: Uint16Array.of(0x3f80, 0xc000) })).toEqual([1, -2]);
  });

  it("writes int64 as numbers while they are exact, else as bigints", () => {
    expect(
      toNested({ dtype: "int64", shape: [3], data: BigInt64Array.of(-5n, 9007199254740991n, 9007199254740993n) }),
    ).toEqual([-5, 9007199254740991, 9007199254740993n]);
    expect(toNested({ dtype: "uint64", shape: [1], data: BigUint64Array.of(18446744073709551615n) })).toEqual([
      18446744073709551615n,
    ]);
  });

  it("follows the policy for non-finite numbers", () => {
    const tensor: Tensor = { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, NaN, Infinity, -Infinity) };
    expect(toNested(tensor, { nan: "null" })).toEqual([
      [1, null],
      [null, null],
    ]);
    expect(toNested(tensor, { nan: "string" })).toEqual([
      [1, "NaN"],
      ["Infinity", "-Infinity"],
    ]);
    expect(() => toNested(tensor, { path: "/y" })).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: expect.stringContaining("output /y/0/1: NaN can't be written as JSON"),
      }),
    );
    expect(() => toNested({ dtype: "float16", shape: [], data: Uint16Array.of(0x7c00) })).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining("Infinity can't be written") }),
    );
  });
});

/** A value of each element type, from the whole range of the type. */
const VALUES: Record<DType, fc.Arbitrary<unknown>> = {
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  float16: fc.double({ min: -65519, max: 65519, noNaN: true }),
  bfloat16: fc.double({ min: -3.38e38, max: 3.38e38, noNaN: true }),
  int8: fc.integer({ min: -128, max: 127 }),
  uint8: fc.integer({ min: 0, max: 255 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint16: fc.integer({ min: 0, max: 65535 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  bool: fc.boolean(),
  string: fc.string({ unit: "binary" }),
};

function tensors(dtype: DType): fc.Arbitrary<Tensor> {
  return fc
    .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
    .chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.array(VALUES[dtype], { minLength: elementCount(shape), maxLength: elementCount(shape) }),
      ),
    )
    .map(([shape, values]) => {
      const data = CREATE_DATA[dtype](values.length);
      for (const [index, value] of values.entries()) (data as unknown[])[index] = storedForm(dtype, value);
      return { dtype, shape, data } as Tensor;
    });
}

function storedForm(dtype: DType, value: unknown): unknown {
  if (dtype === "float16") return numberToFloat16(Number(value));
  if (dtype === "bfloat16") return numberToBfloat16(Number(value));
  return dtype === "bool" ? Number(value) : value;
}

describe("toNested and fromNested", () => {
  it.each(DTYPE_NAMES)("give back every %s tensor, whatever its shape", (dtype) => {
    fc.assert(
      fc.property(tensors(dtype), (tensor) => {
        // A declared shape tells the sizes below an empty list, which nested lists can't.
        expect(fromNested(toNested(tensor), dtype, tensor.shape)).toEqual(tensor);
      }),
    );
  });

  it("are read alike in the tight loop and one by one", () => {
    for (const dtype of DTYPE_NAMES) {
      fc.assert(
        fc.property(fc.array(fc.oneof(VALUES[dtype], fc.anything()), { maxLength: 3 }), (values) => {
          const fast = CREATE_DATA[dtype](values.length);
          const filled = (ELEMENTS[dtype].fill as (v: unknown[], d: unknown, o: number) => number)(values, fast, 0);
          const slow = CREATE_DATA[dtype](values.length);
          const set = ELEMENTS[dtype].set as (d: unknown, i: number, v: unknown, n: string) => boolean;
          for (let index = 0; index < filled; index++) expect(set(slow, index, values[index], "error")).toBe(true);
          expect(slow.slice(0, filled)).toEqual(fast.slice(0, filled));
        }),
      );
    }
  });
});

describe("fromNested", () => {
  it("answers any JSON with a tensor or INVALID_ARGUMENT, nothing else", () => {
    const shapes = fc.array(fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 3 })), { maxLength: 3 });
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...DTYPE_NAMES), shapes, (value, dtype, declared) => {
        try {
          const tensor = fromNested(value, dtype, declared);
          expect(tensor.data.length).toBe(elementCount(tensor.shape));
        } catch (error) {
          expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
