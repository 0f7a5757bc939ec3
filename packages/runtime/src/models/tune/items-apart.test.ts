import { describe, expect, it } from "vitest";
import { createTensor, type Tensor } from "../../tensor/tensor.ts";
import { areItemsApart, feedsOfItems } from "./items-apart.ts";

const floats = (...values: number[]): Tensor => createTensor("float32", [values.length, 1], Float32Array.from(values));
const halves = (...values: number[]): Tensor => createTensor("float16", [values.length], Uint16Array.from(values));
const texts = (...values: string[]): Tensor => createTensor("string", [values.length], values);
const ids = (...values: bigint[]): Tensor => createTensor("int64", [values.length], BigInt64Array.from(values));

describe("feedsOfItems", () => {
  it("gives each item its row, and all what has none", () => {
    const factor = createTensor("int64", [], BigInt64Array.of(3n));
    const inputs = [
      { name: "x", dtype: "float32", shape: ["N", 1] },
      { name: "factor", dtype: "int64", shape: [] },
    ] as const;
    expect(feedsOfItems(inputs, { x: floats(1, 2), factor }, 2)).toEqual([
      { x: floats(1), factor },
      { x: floats(2), factor },
    ]);
  });
});

describe("areItemsApart", () => {
  it.each<[string, boolean, Tensor, readonly Tensor[]]>([
    ["the same floats", true, floats(1, 2), [floats(1), floats(2)]],
    ["floats that kernels or quantisation have changed a little", true, floats(1, 2.05), [floats(1), floats(2)]],
    ["floats that the row before was added to", false, floats(1, 3), [floats(1), floats(2)]],
    ["what is no number in both", true, floats(NaN, Infinity), [floats(NaN), floats(Infinity)]],
    ["halves, by their values", true, halves(0x3c00, 0x3c01), [halves(0x3c00), halves(0x3c00)]],
    ["other halves", false, halves(0x3c00, 0x4000), [halves(0x3c00), halves(0x3c00)]],
    ["the same texts", true, texts("a", "b"), [texts("a"), texts("b")]],
    ["other texts", false, texts("a", "b"), [texts("a"), texts("c")]],
    ["the same whole numbers", true, ids(1n, 2n), [ids(1n), ids(2n)]],
    ["whole numbers that differ by one", false, ids(1n, 1000n), [ids(1n), ids(1001n)]],
  ])("of %s: %s", (_what, isApart, together, alone) => {
    expect(
      areItemsApart(
        { y: together },
        alone.map((y) => ({ y })),
      ),
    ).toBe(isApart);
  });

  it("goes by the floats where there are some: a label may flip with the last digit of a score", () => {
    const alone = [
      { score: floats(1), label: ids(0n) },
      { score: floats(2), label: ids(0n) },
    ];
    expect(areItemsApart({ score: floats(1, 2), label: ids(0n, 1n) }, alone)).toBe(true);
  });
});
