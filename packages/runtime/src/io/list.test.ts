import { describe, expect, it } from "vitest";
import { t } from "./json/json-type.ts";
import { jsonType } from "./json/json-type.ts";
import { list } from "./list.ts";
import { jsonSchemaOf } from "./schema.ts";
import { tensor } from "./tensor/tensor-type.ts";
import type { Payload } from "./types.ts";

const options = { nan: "error" } as const;
const json = (value: unknown): Payload => ({ kind: "json", value });

describe("list", () => {
  it("reads each item by its own type", async () => {
    const type = list(tensor("int64", [null]));
    expect(await type.read(json([[1, 2], [], ["9007199254740993"]]), options)).toEqual([
      { dtype: "int64", shape: [2], data: BigInt64Array.of(1n, 2n) },
      { dtype: "int64", shape: [0], data: new BigInt64Array(0) },
      { dtype: "int64", shape: [1], data: BigInt64Array.of(9007199254740993n) },
    ]);
  });

  it("names the faults of all items by their index", async () => {
    const type = list(jsonType(t.Object({ a: t.Number() })));
    await expect(type.read(json([{ a: 1 }, { a: "x" }, {}]), options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      problems: [{ path: "/1/a" }, { path: "/2/a" }],
    });
  });

  it.each([{ a: 1 }, "x", null, 5])("refuses what is no list: %j", async (value) => {
    await expect(list(jsonType(t.Number())).read(json(value), options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("expected a list of inputs, got"),
    });
  });

  it("reads a list from the JSON in one BYTES tensor", async () => {
    const tensors: Payload = {
      kind: "tensors",
      tensors: { input: { dtype: "string", shape: [1], data: ["[1, 2]"] } },
    };
    expect(await list(jsonType(t.Number())).read(tensors, options)).toEqual([1, 2]);
  });

  it("writes each item as JSON", async () => {
    const type = list(tensor("float32", [2]));
    const value = [{ dtype: "float32", shape: [2], data: Float32Array.of(1, 2.5) } as const];
    expect(await type.write(value, "json", options)).toEqual({ kind: "json", value: [[1, 2.5]] });
  });

  it("is an array in JSON Schema", () => {
    expect(jsonSchemaOf(list(jsonType(t.Number())).spec, "input")).toEqual({
      type: "array",
      items: { type: "number" },
    });
  });
});
