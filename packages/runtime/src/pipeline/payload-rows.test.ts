import { describe, expect, it } from "vitest";
import { dataFrame } from "../io/data-frame/data-frame.ts";
import type { IoSpec, IoType, Payload } from "../io/types.ts";
import { tensor } from "../io/tensor/tensor-type.ts";
import { payloadRows } from "./payload-rows.ts";
import { rowsOf } from "./rows-of.ts";

const frame = dataFrame({ key: "df", columns: { x: "float64", y: "float64" } });
const pair = tensor("float32", [null, 2]);
const json = (value: unknown): Payload => ({ kind: "json", value });
const floats = (rows: number, width: number) =>
  ({ dtype: "float32", shape: [rows, width], data: new Float32Array(rows * width) }) as const;

describe("rows of an input that was not read", () => {
  it.each<[string, IoType<unknown>, Payload, number]>([
    [
      "records",
      frame,
      json({
        df: [
          { x: 1, y: 2 },
          { x: 3, y: 4 },
          { x: 5, y: 6 },
        ],
      }),
      3,
    ],
    [
      "records without the frame's key",
      frame,
      json([
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ]),
      2,
    ],
    [
      "columns and data",
      frame,
      json({
        df: {
          columns: ["x", "y"],
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      }),
      2,
    ],
    ["a list for each column", frame, json({ df: { x: [1, 2, 3, 4], y: [1, 2, 3, 4] } }), 4],
    ["one tensor of all columns", frame, { kind: "tensors", tensors: { df: { ...floats(5, 2) } } }, 5],
    [
      "a nested list",
      pair,
      json([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      3,
    ],
    ["a tensor", pair, { kind: "tensors", tensors: { x: floats(7, 2) } }, 7],
  ])("of %s are as many as those that are read", async (_name, type, payload, rows) => {
    expect(payloadRows(payload, type.spec)).toBe(rows);
    expect(rowsOf(await type.read(payload, { nan: "error" }), type.spec)).toBe(rows);
  });

  it("are one where there is no list of rows, or none can be seen", () => {
    const text: IoSpec = { kind: "text", maxLength: null };
    const tensors: IoSpec = { kind: "tensors", tensors: { x: { dtype: "float32", shape: [null] } } };
    for (const spec of [text, frame.spec, pair.spec, tensors, { kind: "json", schema: {} } as const]) {
      for (const value of [null, 7, "text", {}, [], { df: 1 }, { df: {} }, { df: null }, { x: 3 }, { length: 9 }])
        expect(payloadRows(json(value), spec)).toBe(1);
      expect(payloadRows({ kind: "parts", parts: [] }, spec)).toBe(1);
    }
    expect(payloadRows({ kind: "tensors", tensors: { x: floats(9, 1) } }, text)).toBe(1);
  });

  it("are one of a tensor without elements, however many rows its shape tells", () => {
    const empty = { dtype: "float32", shape: [Number.MAX_SAFE_INTEGER, 0], data: new Float32Array(0) } as const;
    expect(payloadRows({ kind: "tensors", tensors: { x: empty } }, pair.spec)).toBe(1);
  });

  it("are the most of an object of tensors", () => {
    const spec: IoSpec = { kind: "tensors", tensors: {} };
    expect(payloadRows(json({ x: [[1], [2]], y: [1, 2, 3] }), spec)).toBe(3);
  });
});
