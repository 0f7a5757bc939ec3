import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../errors.ts";
import type { NamedTensors, Tensor } from "../tensor/tensor.ts";
import { assertFeeds, formatTensorInfos } from "./feeds.ts";
import type { TensorInfo } from "./types.ts";

const PIXELS: TensorInfo = { name: "pixels", dtype: "float32", shape: [null, 3, 2, 2] };
const SCALE: TensorInfo = { name: "scale", dtype: "int64", shape: [] };
const TABLE: readonly TensorInfo[] = [
  { name: "a", dtype: "float32", shape: ["N", 2] },
  { name: "b", dtype: "float32", shape: ["N", "M"] },
];

const floats = (...shape: number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

function faultOf(inputs: readonly TensorInfo[], feeds: unknown): string {
  try {
    assertFeeds(inputs, feeds as NamedTensors);
  } catch (thrown) {
    if (thrown instanceof ServingError && thrown.code === "INVALID_ARGUMENT") return thrown.message;
    throw thrown;
  }
  return "";
}

describe("assertFeeds", () => {
  it("takes feeds that fit, in any order, with free sizes and scalars", () => {
    const scale: Tensor = { dtype: "int64", shape: [], data: new BigInt64Array([2n]) };
    expect(faultOf([PIXELS, SCALE], { scale, pixels: floats(5, 3, 2, 2) })).toBe("");
    expect(faultOf([PIXELS], { pixels: floats(0, 3, 2, 2) })).toBe("");
    expect(faultOf([{ ...PIXELS, shape: [], anyRank: true }], { pixels: floats(1, 2, 3, 4, 5) })).toBe("");
    expect(faultOf([], {})).toBe("");
  });

  it("says what is expected and what came when the shape differs", () => {
    expect(faultOf([PIXELS], { pixels: floats(1, 2, 2, 3) })).toBe(
      'input "pixels": expected float32 [-1,3,2,2], got float32 [1,2,2,3]; the model expects pixels: float32 [-1,3,2,2]',
    );
  });

  it("says what is expected and what came when the rank or the dtype differs", () => {
    expect(faultOf([PIXELS], { pixels: floats(3, 2, 2) })).toContain(
      "expected float32 [-1,3,2,2], got float32 [3,2,2]",
    );
    expect(faultOf([SCALE], { scale: { dtype: "int32", shape: [], data: new Int32Array(1) } })).toBe(
      'input "scale": expected int64 [], got int32 []; the model expects scale: int64 []',
    );
  });

  it("reports unknown and missing names at once, with the name that was meant", () => {
    expect(faultOf([PIXELS, SCALE], { pixel: floats(1, 3, 2, 2), x: floats(1) })).toBe(
      'unknown input "pixel" (did you mean "pixels"?); unknown input "x"; missing input "pixels"; missing input "scale"; ' +
        "the model expects pixels: float32 [-1,3,2,2]; scale: int64 []",
    );
  });

  it("holds one named size equal in all inputs", () => {
    expect(faultOf(TABLE, { a: floats(3, 2), b: floats(3, 9) })).toBe("");
    expect(faultOf(TABLE, { a: floats(3, 2), b: floats(4, 9) })).toBe(
      'input "b": expected float32 [N,M] with N = 3 as in input "a", got [4,9]; the model expects a: float32 [N,2]; b: float32 [N,M]',
    );
  });

  it("notices data that does not fill its shape, such as memory that was given away", () => {
    const tensor = floats(1, 3, 2, 2);
    if (tensor.dtype !== "float32" || !(tensor.data.buffer instanceof ArrayBuffer))
      throw new Error("expected a Float32Array");
    structuredClone(tensor.data.buffer, { transfer: [tensor.data.buffer] });
    expect(faultOf([PIXELS], { pixels: tensor })).toContain("shape [1,3,2,2] needs 12 elements, its data holds 0");
  });

  it("notices data in the wrong kind of array", () => {
    const wrong = { dtype: "float32", shape: [1, 3, 2, 2], data: new Float64Array(12) };
    expect(faultOf([PIXELS], { pixels: wrong })).toContain(
      "expected its data in a Float32Array, got an object (Float64Array)",
    );
    expect(faultOf([PIXELS], { pixels: { ...wrong, data: Array.from({ length: 12 }) } })).toContain("got an array");
  });

  it("notices elements that their type does not have", () => {
    const flags: TensorInfo = { name: "flags", dtype: "bool", shape: [null] };
    expect(faultOf([flags], { flags: { dtype: "bool", shape: [2], data: new Uint8Array([1, 7]) } })).toContain(
      "element 1: expected a bool as 0 or 1, got 7",
    );
    const words: TensorInfo = { name: "words", dtype: "string", shape: [null] };
    expect(faultOf([words], { words: { dtype: "string", shape: [2], data: ["a", 5] } })).toContain(
      "element 1: expected a text, got number",
    );
  });

  it("notices what is no tensor, and feeds that are no object", () => {
    expect(faultOf([SCALE], { scale: [1] })).toContain("expected a tensor { dtype, shape, data }, got an array");
    expect(faultOf([SCALE], { scale: null })).toContain("got null");
    expect(faultOf([SCALE], { scale: { dtype: "float3", shape: [], data: [] } })).toContain("got an object (Object)");
    expect(faultOf([SCALE], undefined)).toBe(
      "expected tensors by name, got undefined; the model expects scale: int64 []",
    );
    expect(faultOf([SCALE], { scale: { dtype: "int64", shape: [-1], data: new BigInt64Array(0) } })).toContain(
      "expected int64 [], got int64 [-1]",
    );
    expect(
      faultOf([PIXELS], { pixels: { dtype: "float32", shape: [0.5, 3, 2, 2], data: new Float32Array(6) } }),
    ).toContain("expected sizes that are whole numbers ≥ 0, got [0.5,3,2,2]");
  });

  it("takes names of Object.prototype as names", () => {
    const inputs: readonly TensorInfo[] = [{ name: "constructor", dtype: "float32", shape: [1] }];
    expect(faultOf(inputs, {})).toContain('missing input "constructor"');
    expect(faultOf(inputs, { constructor: floats(1) })).toBe("");
    expect(faultOf([SCALE], JSON.parse('{"__proto__": 1}'))).toContain('unknown input "__proto__"');
  });

  it("answers anything that is fed with INVALID_ARGUMENT or takes it", () => {
    const tensorLike = fc.record(
      {
        dtype: fc.oneof(fc.constant("float32"), fc.anything()),
        shape: fc.oneof(fc.array(fc.anything()), fc.anything()),
        data: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const feeds = fc.oneof(
      fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), fc.oneof(tensorLike, fc.anything())),
      fc.anything(),
    );
    fc.assert(
      fc.property(feeds, (given) => {
        expect(typeof faultOf(TABLE, given)).toBe("string");
      }),
    );
  });
});

describe("formatTensorInfos", () => {
  it("shows the first twenty and counts the rest", () => {
    const many = Array.from({ length: 23 }, (_, index): TensorInfo => ({
      name: `x${index}`,
      dtype: "bool",
      shape: [],
    }));
    expect(formatTensorInfos(many)).toMatch(/^x0: bool \[\]; .*x19: bool \[\]; … 3 more$/);
    expect(formatTensorInfos([])).toBe("nothing");
    expect(formatTensorInfos([{ name: "x", dtype: "bool", shape: [], anyRank: true }])).toBe("x: bool of any shape");
  });
});
