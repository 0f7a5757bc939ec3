import { describe, expect, it } from "vitest";
import type { DType } from "./dtype.ts";
import { fromNested } from "./from-nested.ts";

/** The faults that reading reports, as `place: message`. */
function faults(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ name: "ServingError", code: "INVALID_ARGUMENT" });
    return (error as { problems: { path: string; message: string }[] }).problems.map(
      ({ path, message }) => `${path}: ${message}`,
    );
  }
  return [];
}

describe("fromNested", () => {
  it("reads lists of lists row by row", () => {
    expect(
      fromNested(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        "float32",
        [null, 3],
      ),
    ).toEqual({
      dtype: "float32",
      shape: [2, 3],
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
    expect(
      fromNested(
        [
          [[1], [2]],
          [[3], [4]],
          [[5], [6]],
        ],
        "int32",
        [null, "pair", 1],
      ),
    ).toEqual({
      dtype: "int32",
      shape: [3, 2, 1],
      data: Int32Array.of(1, 2, 3, 4, 5, 6),
    });
  });

  it("reads a scalar from a plain value", () => {
    expect(fromNested(2.5, "float64", [])).toEqual({ dtype: "float64", shape: [], data: Float64Array.of(2.5) });
    expect(fromNested("red", "string", [])).toEqual({ dtype: "string", shape: [], data: ["red"] });
  });

  it("reads lists without elements: a free size below an empty list is 0, a fixed one stays", () => {
    expect(fromNested([], "float32", [null, 4])).toEqual({
      dtype: "float32",
      shape: [0, 4],
      data: new Float32Array(0),
    });
    expect(fromNested([], "float32", [null, null])).toEqual({
      dtype: "float32",
      shape: [0, 0],
      data: new Float32Array(0),
    });
    expect(fromNested([[], [], []], "int64", [null, null])).toEqual({
      dtype: "int64",
      shape: [3, 0],
      data: new BigInt64Array(0),
    });
    expect(fromNested([], "string", [null])).toEqual({ dtype: "string", shape: [0], data: [] });
  });

  it("rounds to float32 and to the bits of float16 and bfloat16", () => {
    expect(fromNested([0.1], "float32", [1]).data[0]).toBe(Math.fround(0.1));
    // 0.1 in binary16 is 0x2e66, in bfloat16 0x3dcd (its binary32 is 0x3dcccccd).
    expect(fromNested([0.1, -2], "float16", [2]).data).toEqual(Uint16Array.of(0x2e66, 0xc000));
    expect(fromNested([0.1, -2], "bfloat16", [2]).data).toEqual(Uint16Array.of(0x3dcd, 0xc000));
  });

  it("keeps all 64 bits of int64 and uint64 from numbers, bigints and digits", () => {
    expect(fromNested([-1, 9223372036854775807n, "-9223372036854775808", 9007199254740991], "int64", [4]).data).toEqual(
      BigInt64Array.of(-1n, 9223372036854775807n, -9223372036854775808n, 9007199254740991n),
    );
    expect(fromNested([0, "18446744073709551615"], "uint64", [2]).data).toEqual(
      BigUint64Array.of(0n, 18446744073709551615n),
    );
  });

  it("takes bigints, which exact parsing yields, for the other numbers too", () => {
    expect(fromNested([9007199254740993n, 2 ** 60], "float64", [2]).data).toEqual(
      Float64Array.of(9007199254740992, 2 ** 60),
    );
    expect(fromNested([5n], "uint8", [1]).data).toEqual(Uint8Array.of(5));
  });

  it("writes true as 1 and false as 0", () => {
    expect(fromNested([true, false, true], "bool", [3]).data).toEqual(Uint8Array.of(1, 0, 1));
  });

  it.each<[DType, unknown, string]>([
    ["float32", "oops", 'expected a float32 number, got "oops"'],
    ["float32", 1e39, "expected a float32 number, got 1e+39"],
    ["float32", null, "expected a float32 number, got null"],
    ["float64", Infinity, "expected a float64 number, got Infinity"],
    ["float64", "1", 'expected a float64 number, got "1"'],
    ["float64", true, "expected a float64 number, got true"],
    ["float16", 65520, "expected a float16 number, got 65520"],
    ["bfloat16", 3.4e38, "expected a bfloat16 number, got 3.4e+38"],
    ["int8", 128, "expected an int8 whole number from -128 to 127, got 128"],
    ["uint8", -1, "expected a uint8 whole number from 0 to 255, got -1"],
    ["int32", 1.5, "expected an int32 whole number from -2147483648 to 2147483647, got 1.5"],
    ["int32", 3000000000n, "expected an int32 whole number from -2147483648 to 2147483647, got 3000000000"],
    ["int64", 2 ** 53, "expected an int64 whole number, got 9007199254740992 (past 2^53: send the digits as a string)"],
    ["int64", "9223372036854775808", 'expected an int64 whole number, got "9223372036854775808"'],
    ["int64", "0x10", 'expected an int64 whole number, got "0x10"'],
    ["int64", "", 'expected an int64 whole number, got ""'],
    ["uint64", -1, "expected a uint64 whole number, got -1"],
    ["uint64", 18446744073709551616n, "expected a uint64 whole number, got 18446744073709551616"],
    ["bool", 1, "expected true or false, got 1"],
    ["string", 5, "expected a string, got 5"],
    ["string", { a: 1 }, "expected a string, got an object"],
    ["float32", [1, 2], "expected a float32 number, got a list of 2"],
  ])("refuses for %s the value %s", (dtype, value, message) => {
    expect(faults(() => fromNested([value], dtype, [null], { path: "/x" }))).toEqual([`/x/0: ${message}`]);
  });

  it("names the place of a wrong element in any level", () => {
    expect(faults(() => fromNested([[1, 2, 3, "oops"]], "float32", [null, 4], { path: "/x" }))).toEqual([
      '/x/0/3: expected a float32 number, got "oops"',
    ]);
    expect(faults(() => fromNested([[[1, 2]], [[3, "a"]]], "float32", [null, 1, 2]))).toEqual([
      '/1/0/1: expected a float32 number, got "a"',
    ]);
    expect(faults(() => fromNested("a", "float32", [], { path: "/x" }))).toEqual([
      '/x: expected a float32 number, got "a"',
    ]);
  });

  it("reads on after a fault and reports all of them", () => {
    expect(faults(() => fromNested([1, "a", 3, null, 5], "float32", [null]))).toEqual([
      '/1: expected a float32 number, got "a"',
      "/3: expected a float32 number, got null",
    ]);
  });

  it("names ragged lists by place", () => {
    expect(faults(() => fromNested([[1, 2], [3], [4, 5, 6], 7], "float32", [null, null], { path: "/x" }))).toEqual([
      "/x/1: expected a list of 2 like the first one, got 1",
      "/x/2: expected a list of 2 like the first one, got 3",
      "/x/3: expected a list of 2, got 7",
    ]);
    expect(
      faults(() =>
        fromNested(
          [
            [
              [1, 2],
              [3, 4],
            ],
            [[1, 2], [3]],
          ],
          "float32",
          [null, null, null],
        ),
      ),
    ).toEqual(["/1/1: expected a list of 2 like the first one, got 1"]);
  });

  it("names the shape that was declared and the one that came", () => {
    expect(faults(() => fromNested([[1, 2, 3]], "float32", [null, 4], { path: "/x" }))).toEqual([
      "/x: expected shape [-1,4], got [1,3]",
    ]);
    expect(faults(() => fromNested([1, 2], "float32", [null, 4], { path: "/x" }))).toEqual([
      "/x/0: expected a list with a float32 number each (shape [-1,4]), got 1",
    ]);
    expect(faults(() => fromNested({ a: 1 }, "float32", [null, 4]))).toEqual([
      ": expected a list of lists (shape [-1,4]), got an object",
    ]);
  });

  it("takes what stands for non-finite numbers only when the policy says so", () => {
    expect(fromNested(["NaN", "Infinity", "-Infinity", 1], "float32", [4], { nan: "string" }).data).toEqual(
      Float32Array.of(NaN, Infinity, -Infinity, 1),
    );
    expect(fromNested([null, 1], "float64", [2], { nan: "null" }).data).toEqual(Float64Array.of(NaN, 1));
    expect(fromNested([null], "float16", [1], { nan: "null" }).data).toEqual(Uint16Array.of(0x7e00));
    expect(faults(() => fromNested(["NaN"], "float32", [1]))).toHaveLength(1);
    expect(faults(() => fromNested([null], "float32", [1], { nan: "string" }))).toHaveLength(1);
    expect(faults(() => fromNested([null], "int32", [1], { nan: "null" }))).toHaveLength(1);
  });

  it("keeps 20 faults of many and counts the rest", () => {
    const input = Array.from({ length: 1000 }, () => "x");
    expect(() => fromNested(input, "float32", [null])).toThrow(
      expect.objectContaining({ message: '/0: expected a float32 number, got "x" (and 999 more)' }),
    );
    expect(faults(() => fromNested(input, "float32", [null]))).toHaveLength(20);
  });

  it("takes memory by the elements that came, not by the first list times the number of lists", () => {
    const wide = Array.from({ length: 100_000 }, () => 1);
    const input = [wide, ...Array.from({ length: 100_000 }, () => [])];
    // 10^10 elements would not fit into memory.
    expect(faults(() => fromNested(input, "float64", [null, null]))).toHaveLength(20);
  });
});
