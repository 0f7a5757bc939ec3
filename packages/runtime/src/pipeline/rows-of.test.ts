import { describe, expect, it } from "vitest";
import type { IoSpec } from "../io/types.ts";
import { rowsOf } from "./rows-of.ts";

const spec = (kind: IoSpec["kind"]): IoSpec => ({ kind }) as IoSpec;
const tensor = (...shape: readonly number[]): object => ({ dtype: "float32", shape, data: new Float32Array() });

describe("rowsOf", () => {
  it.each([
    ["a data frame", { rows: 7 }, "dataFrame", 7],
    ["an empty data frame", { rows: 0 }, "dataFrame", 1],
    ["a tensor", tensor(5, 4), "tensor", 5],
    ["a number as tensor", tensor(), "tensor", 1],
    ["named tensors", { a: tensor(2, 4), b: tensor(6), c: tensor() }, "tensors", 6],
    ["an array", [1, 2, 3], "json", 3],
    ["an object that looks like a frame", { rows: -100 }, "json", 1],
    ["a picture", { rows: 9 }, "image", 1],
    ["results of branches", [1, 2], "list", 2],
  ] as const)("of %s", (_what, value, kind, rows) => {
    expect(rowsOf(value, spec(kind))).toBe(rows);
  });
});
