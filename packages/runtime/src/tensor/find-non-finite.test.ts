import { expect, it } from "vitest";
import { findNonFinite } from "./find-non-finite.ts";
import type { Tensor } from "./tensor.ts";

const cases: readonly (readonly [string, Tensor, number])[] = [
  ["float32", { dtype: "float32", shape: [3], data: Float32Array.of(1, -Infinity, NaN) }, 1],
  ["float32", { dtype: "float32", shape: [2], data: Float32Array.of(3.4e38, -0) }, -1],
  ["float64", { dtype: "float64", shape: [1], data: Float64Array.of(NaN) }, 0],
  ["float64", { dtype: "float64", shape: [1], data: Float64Array.of(Number.MAX_VALUE) }, -1],
  // 65504, the largest; then +infinity, a NaN and -infinity as IEEE 754 binary16 writes them.
  ["float16", { dtype: "float16", shape: [1], data: Uint16Array.of(0x7bff) }, -1],
  ["float16", { dtype: "float16", shape: [2], data: Uint16Array.of(0, 0x7c00) }, 1],
  ["float16", { dtype: "float16", shape: [2], data: Uint16Array.of(0, 0x7e01) }, 1],
  ["float16", { dtype: "float16", shape: [2], data: Uint16Array.of(0, 0xfc00) }, 1],
  ["bfloat16", { dtype: "bfloat16", shape: [2], data: Uint16Array.of(0x7f7f, 0xff80) }, 1],
  ["int8", { dtype: "int8", shape: [1], data: Int8Array.of(-1) }, -1],
  ["string", { dtype: "string", shape: [1], data: ["NaN"] }, -1],
  ["an empty float32", { dtype: "float32", shape: [0], data: new Float32Array() }, -1],
];

it.each(cases)("finds the first non-finite element of %s", (_name, tensor, index) => {
  expect(findNonFinite(tensor)).toBe(index);
});
