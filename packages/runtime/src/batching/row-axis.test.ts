import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataFrame } from "../io/data-frame/data-frame.ts";
import type { IoSpec } from "../io/types.ts";
import { createTensor, type TensorOf } from "../tensor/tensor.ts";
import { rowAxisOf } from "./row-axis.ts";

const zeros = (...shape: number[]): TensorOf<"float32"> =>
  createTensor("float32", shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));
const tensor = (...shape: (number | null)[]): IoSpec => ({ kind: "tensor", dtype: "float32", shape });
const pair: IoSpec = {
  kind: "tensors",
  tensors: { a: { dtype: "float32", shape: [null, null] }, b: { dtype: "float32", shape: [null] } },
};
const Frame = dataFrame({ columns: { x: "float64", id: "int64", town: { type: "string", nullable: true } } });

describe("rowAxisOf", () => {
  it.each<[string, IoSpec, unknown, { rows: number; key: string | undefined }]>([
    ["a tensor's free first axis", tensor(null, 4), zeros(3, 4), { rows: 3, key: "4" }],
    ["a tensor without rows", tensor(null, 4), zeros(0, 4), { rows: 0, key: "4" }],
    ["rows that hold nothing, as none", tensor(null, null), zeros(1e9, 0), { rows: 0, key: "0" }],
    ["rows of which some tensors hold something", pair, { a: zeros(2, 0), b: zeros(2) }, { rows: 2, key: "0;" }],
    [
      "rows of a named tensor that hold nothing, as none",
      pair,
      { a: zeros(1e9, 0), b: zeros(5) },
      { rows: 5, key: undefined },
    ],
    ["a tensor of other trailing sizes", tensor(null, null), zeros(3, 5), { rows: 3, key: "5" }],
    ["a tensor whose first size is fixed, as one row", tensor(3, null), zeros(3, 5), { rows: 1, key: "3,5" }],
    ["a scalar, as one row", tensor(), zeros(), { rows: 1, key: "" }],
    ["named tensors of as many rows", pair, { a: zeros(2, 7), b: zeros(2) }, { rows: 2, key: "7;" }],
    [
      "named tensors of other rows, which go with nobody",
      pair,
      { a: zeros(2, 7), b: zeros(5) },
      { rows: 5, key: undefined },
    ],
    ["a data frame's rows", Frame.spec, Frame.fromRecords([{ x: 1, id: 1n, town: null }]), { rows: 1, key: "" }],
    ["a list of numbers, as one row", { kind: "json", schema: { type: "array" } }, [1, 2, 3], { rows: 1, key: "" }],
    ["a text, as one row", { kind: "text", maxLength: null }, "abc", { rows: 1, key: "" }],
  ])("measures %s", (_what, spec, value, measure) => {
    expect(rowAxisOf(spec).measure(value)).toEqual(measure);
  });

  it("keeps pictures of other sizes apart", () => {
    const { spec } = { spec: { kind: "image" } as IoSpec };
    expect(rowAxisOf(spec).measure({ width: 4, height: 2 })).toEqual({ rows: 1, key: "2×4" });
  });

  it("cuts data frames, whose faults are still told by the row in which they came", () => {
    const whole = Frame.fromColumns({ x: [1, 2, 1e300], id: [1n, 2n, 3n], town: ["a", null, "c"] });
    const { cut, join } = rowAxisOf(Frame.spec);
    const parts = cut?.(whole, 2) as (typeof whole)[];
    expect(parts.map((part) => part.records())).toEqual([
      [
        { x: 1, id: 1n, town: "a" },
        { x: 2, id: 2n, town: null },
      ],
      [{ x: 1e300, id: 3n, town: "c" }],
    ]);
    expect(() => parts[1]?.toTensor("float32", ["x"])).toThrow(
      expect.objectContaining({ message: expect.stringContaining("/df/2/x") }),
    );
    const joined = join?.(parts, [2, 1]) as typeof whole | undefined;
    expect(joined?.records()).toEqual(whole.records());
    expect(Frame.join(parts).records()).toEqual(whole.records());
  });

  it("does not cut what could not be joined again", () => {
    expect(rowAxisOf({ kind: "json", schema: { type: "object" } })).toMatchObject({ cut: undefined, join: undefined });
    expect(rowAxisOf(tensor(1, null))).toMatchObject({ cut: undefined, join: undefined });
  });

  it.each<[string, IoSpec, readonly unknown[]]>([
    ["a tensor", tensor(null, 4), [zeros(2, 4), [1, 2]]],
    ["a data frame", Frame.spec, [Frame.fromRecords([]), zeros(1)]],
    ["a list", { kind: "json", schema: { type: "array" } }, [[1], "1"]],
  ])("says that a part is not %s", (what, spec, parts) => {
    expect(() => rowAxisOf(spec).join?.(parts, [1, 1])).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: `the output of a part of an input does not fit its type: expected ${what}`,
      }),
    );
  });

  it("joins what it has cut, of any number of rows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(4),
        (rows, maxRows, width) => {
          const data = Float32Array.from({ length: rows * width }, (_, at) => at);
          const value = {
            a: createTensor("float32", [rows, width], data),
            b: createTensor(
              "float32",
              [rows],
              Float32Array.from({ length: rows }, (_, at) => at),
            ),
          };
          const axis = rowAxisOf(pair);
          const parts = axis.cut?.(value, maxRows) ?? [];
          const counts = parts.map((part) => axis.measure(part).rows);
          expect(parts).toHaveLength(Math.ceil(rows / maxRows));
          expect(Math.max(...counts)).toBeLessThanOrEqual(maxRows);
          expect(axis.join?.(parts, counts)).toEqual(value);
        },
      ),
    );
  });
});
