import { describe, expect, it } from "vitest";
import { stringifyJson } from "../json-text.ts";
import type { IoOptions } from "../types.ts";
import { dataFrame } from "./data-frame.ts";

const STRICT: IoOptions = { nan: "error" };
const columns = { x: "float64", id: "int64", ok: "bool", note: { type: "string", nullable: true } } as const;
const records = [
  { x: 0.5, id: 1n, ok: true, note: "a" },
  { x: 2, id: 9007199254740993n, ok: false, note: null },
];

describe("writing a data frame", () => {
  it.each([
    ["records", '{"df":[{"x":0.5,"id":1,"ok":true,"note":"a"},{"x":2,"id":9007199254740993,"ok":false,"note":null}]}'],
    ["split", '{"df":{"columns":["x","id","ok","note"],"data":[[0.5,1,true,"a"],[2,9007199254740993,false,null]]}}'],
    ["columns", '{"df":{"x":[0.5,2],"id":[1,9007199254740993],"ok":[true,false],"note":["a",null]}}'],
  ] as const)("gives JSON as %s", async (orient, text) => {
    const Type = dataFrame({ orient, columns });
    const payload = await Type.write(Type.fromRecords(records), "json", STRICT);
    expect(payload.kind === "json" && stringifyJson(payload.value)).toBe(text);
  });

  it("gives one tensor for each column, missing floats as NaN", async () => {
    const Type = dataFrame({ columns: { ...columns, note: "string", f: { type: "float32", nullable: true } } });
    const frame = Type.fromRecords(
      records.map((record, index) => ({ ...record, note: "n", f: index === 0 ? 1.5 : null })),
    );
    expect(await Type.write(frame, "tensors", STRICT)).toEqual({
      kind: "tensors",
      tensors: {
        x: { dtype: "float64", shape: [2], data: Float64Array.of(0.5, 2) },
        id: { dtype: "int64", shape: [2], data: BigInt64Array.of(1n, 9007199254740993n) },
        ok: { dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) },
        note: { dtype: "string", shape: [2], data: ["n", "n"] },
        f: { dtype: "float32", shape: [2], data: Float32Array.of(1.5, NaN) },
      },
    });
  });

  it("refuses parts, and tensors for missing cells that are no floats", () => {
    const Type = dataFrame({ columns });
    const frame = Type.fromRecords(records);
    expect(() => Type.write(frame, "parts", STRICT)).toThrow(expect.objectContaining({ code: "NOT_ACCEPTABLE" }));
    expect(() => Type.write(frame, "tensors", STRICT)).toThrow(
      expect.objectContaining({
        code: "NOT_ACCEPTABLE",
        message: 'row 1 of column "note" has no value, which a string tensor can\'t say: ask for application/json',
      }),
    );
  });

  it.each([
    ["records", "output /df/1/x: NaN"],
    ["columns", "output /df/x/1: NaN"],
  ] as const)("follows the policy for non-finite numbers (%s)", async (orient, place) => {
    const Type = dataFrame({ orient, columns: { x: "float64" } });
    const frame = Type.fromColumns({ x: [1, NaN, -Infinity] });
    expect(() => Type.write(frame, "json", STRICT)).toThrow(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining(place) }),
    );
    const written = async (nan: "null" | "string") => JSON.stringify(await Type.write(frame, "json", { nan }));
    expect(await written("null")).toContain(orient === "columns" ? "[1,null,null]" : '[{"x":1},{"x":null},{"x":null}]');
    expect(await written("string")).toContain(orient === "columns" ? '[1,"NaN","-Infinity"]' : '{"x":"-Infinity"}');
  });

  it("takes a frame of another type when it holds the declared columns, and leaves out the others", async () => {
    const Wide = dataFrame({ columns: { x: "float64", y: "float64", z: "string" } });
    const Narrow = dataFrame({ columns: { y: { type: "float32", max: 5 }, x: "float64" } });
    const wide = Wide.fromRecords([{ x: 1, y: 2, z: "a" }]);
    expect(await Narrow.write(wide as never, "json", STRICT)).toEqual({
      kind: "json",
      value: { df: [{ y: 2, x: 1 }] },
    });
    const tooLarge = Wide.fromRecords([{ x: 1, y: 6, z: "a" }]);
    expect(() => Narrow.write(tooLarge as never, "json", STRICT)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: "the output does not fit its type: /df/y/0: expected at most 5, got 6",
      }),
    );
    expect(() => Wide.write(Narrow.fromRecords([{ x: 1, y: 2 }]) as never, "json", STRICT)).toThrow(
      'missing column "z"',
    );
  });

  it.each([[[{ x: 1 }]], [null], [{ rows: 0, columns: [] }]])("refuses %j, which is no data frame", (value) => {
    expect(() => dataFrame({ columns: { x: "float64" } }).write(value as never, "json", STRICT)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: expect.stringContaining("expected a data frame, made by fromRecords or fromColumns"),
      }),
    );
  });
});
