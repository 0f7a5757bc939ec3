import { Compile } from "typebox/schema";
import { describe, expect, it } from "vitest";
import { bytes } from "./bytes.ts";
import { dataFrame } from "./data-frame/data-frame.ts";
import { file } from "./file.ts";
import { image } from "./image/image.ts";
import { jsonType, t } from "./json/json-type.ts";
import { multipart, optional } from "./multipart.ts";
import { jsonSchemaOf } from "./schema.ts";
import { tensor } from "./tensor/tensor-type.ts";
import { tensors } from "./tensor/tensors-type.ts";
import { text } from "./text.ts";
import type { IoSpec, IoType, NanPolicy } from "./types.ts";

describe("jsonSchemaOf", () => {
  it("describes tensors as nested lists with the sizes that are fixed", () => {
    expect(jsonSchemaOf(tensor("float32", [null, 2]).spec, "input")).toEqual({
      type: "array",
      items: { type: "array", items: { type: "number", format: "float" }, minItems: 2, maxItems: 2 },
    });
    expect(jsonSchemaOf(tensor("uint8", []).spec, "input")).toEqual({ type: "integer", minimum: 0, maximum: 255 });
    expect(jsonSchemaOf(tensor("bool", [null]).spec, "output")).toEqual({ type: "array", items: { type: "boolean" } });
    expect(jsonSchemaOf(tensor("int64", []).spec, "output")).toEqual({
      type: "integer",
      format: "int64",
      description: "Exact to 64 bits.",
    });
    expect(jsonSchemaOf(tensors({ x: { dtype: "string", shape: [] } }).spec, "input")).toEqual({
      type: "object",
      properties: { x: { type: "string" } },
      required: ["x"],
      additionalProperties: false,
    });
  });

  it("describes a data frame by its orientation as an output", () => {
    const columns = {
      RM: { type: "float64", min: 1, max: 12, description: "Rooms" },
      ID: "int64",
      TAX: { type: "float32", nullable: true },
      KIND: { type: "string", enum: ["flat", "house"] },
    } as const;
    const cells = {
      RM: { type: "number", format: "double", minimum: 1, maximum: 12, description: "Rooms" },
      ID: { type: "integer", format: "int64" },
      TAX: { anyOf: [{ type: "number", format: "float" }, { type: "null" }] },
      KIND: { type: "string", enum: ["flat", "house"] },
    };
    expect(jsonSchemaOf(dataFrame({ columns, minRows: 1 }).spec, "output")).toMatchObject({
      type: "object",
      required: ["df"],
      additionalProperties: false,
      properties: {
        df: {
          type: "array",
          items: {
            type: "object",
            properties: cells,
            required: ["RM", "ID", "TAX", "KIND"],
            additionalProperties: false,
          },
        },
      },
    });
    expect(jsonSchemaOf(dataFrame({ columns, orient: "columns", key: "table" }).spec, "output")).toMatchObject({
      properties: { table: { type: "object", properties: { RM: { type: "array", items: cells.RM } } } },
    });
    expect(jsonSchemaOf(dataFrame({ columns, orient: "split" }).spec, "output")).toMatchObject({
      properties: {
        df: {
          required: ["columns", "data"],
          properties: { columns: { items: { enum: ["RM", "ID", "TAX", "KIND"] } } },
        },
      },
    });
  });

  it("describes binary types as base64 text", () => {
    expect(jsonSchemaOf(image({ formats: ["png", "jpeg"] }).spec, "input")).toEqual({
      type: "string",
      contentEncoding: "base64",
      contentMediaType: "image/*",
      description: "A picture (png, jpeg) in base64, or as a data URL.",
    });
    expect(jsonSchemaOf(image().spec, "output")).toMatchObject({
      contentEncoding: "base64",
      contentMediaType: "image/png",
    });
    expect(jsonSchemaOf(bytes({ mediaType: "application/pdf" }).spec, "output")).toMatchObject({
      contentEncoding: "base64",
      contentMediaType: "application/pdf",
    });
    expect(jsonSchemaOf(file().spec, "input")).toMatchObject({ type: "string", contentEncoding: "base64" });
    expect(jsonSchemaOf(text({ maxLength: 5 }).spec, "input")).toEqual({ type: "string", maxLength: 5 });
  });

  it("describes a form as an object of its fields", () => {
    const form = multipart({ picture: image(), note: optional(text()), rows: tensor("int32", [null]) });
    expect(jsonSchemaOf(form.spec, "input")).toMatchObject({
      type: "object",
      properties: { picture: { contentEncoding: "base64" }, note: { type: "string" }, rows: { type: "array" } },
      required: ["picture", "rows"],
      additionalProperties: false,
    });
  });

  it("tells what may stand for non-finite numbers", () => {
    const standIns = { enum: ["NaN", "Infinity", "-Infinity"] };
    expect(jsonSchemaOf(tensor("float32", [null]).spec, "output", "string")).toEqual({
      type: "array",
      items: { anyOf: [{ type: "number", format: "float" }, standIns] },
    });
    expect(jsonSchemaOf(jsonType(t.Array(t.Number({ minimum: 1 }))).spec, "output", "null")).toEqual({
      type: "array",
      items: { anyOf: [{ type: "number", minimum: 1 }, { type: "null" }] },
    });
    expect(jsonSchemaOf(jsonType(t.Number()).spec, "input", "null")).toEqual({ type: "number" });
  });
});

/** A validator that knows nothing of our readers. */
function fitsSchema(spec: IoSpec, value: unknown, nan: NanPolicy): boolean {
  return Compile(jsonSchemaOf(spec, "input", nan)).Check(value);
}

async function fitsReader(type: IoType<unknown>, value: unknown, nan: NanPolicy): Promise<boolean> {
  try {
    await type.read({ kind: "json", value }, { nan });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    return false;
  }
}

describe("jsonSchemaOf and the readers", () => {
  const House = dataFrame({
    columns: {
      RM: { type: "float64", max: 12 },
      ID: "int64",
      TAX: { type: "float32", nullable: true },
      KIND: { type: "string", enum: ["flat"] },
    },
    maxRows: 2,
  });
  const Loose = dataFrame({
    columns: { RM: "float64", AGE: { type: "int32", nullable: true } },
    extra: "ignore",
    case: "ignore",
  });
  const row = { RM: 6, ID: 1, TAX: null, KIND: "flat" };

  it.each<[IoType<unknown>, NanPolicy, unknown, boolean]>([
    [House, "error", { df: [row] }, true],
    [House, "error", [row], true],
    [House, "error", [], true],
    [House, "error", { df: { columns: ["RM", "ID", "KIND"], data: [[1, 2, "flat"]] } }, true],
    [House, "error", { df: { RM: [1], ID: ["2"], KIND: ["flat"] } }, true],
    [House, "error", { df: [{ RM: 6, ID: "9223372036854775807", KIND: "flat" }] }, true],
    [House, "error", { df: [{ ...row, RM: 13 }] }, false],
    [House, "error", { df: [{ ...row, KIND: "barn" }] }, false],
    [House, "error", { df: [{ ...row, more: 1 }] }, false],
    [House, "error", { df: [{ ID: 1, KIND: "flat" }] }, false],
    [House, "error", { df: [row, row, row] }, false],
    [House, "error", { df: [{ ...row, RM: null }] }, false],
    [House, "null", { df: [{ ...row, RM: null }] }, true],
    [House, "string", { df: [{ ...row, RM: "NaN", TAX: "-Infinity" }] }, true],
    [House, "error", { df: [row], more: 1 }, false],
    [House, "error", {}, false],
    [House, "error", 5, false],
    [Loose, "error", { df: [{ rm: 6, more: 1 }], more: 1 }, true],
    [tensor("float32", [null, 2]), "error", [[1, 2]], true],
    [tensor("float32", [null, 2]), "error", [[1]], false],
    [tensor("float32", [null, 2]), "error", [[1, null]], false],
    [tensor("float32", [null, 2]), "null", [[1, null]], true],
    [tensor("int64", [1]), "error", ["-5"], true],
    [tensor("int64", [1]), "error", ["five"], false],
    [tensor("uint8", []), "error", 256, false],
    [tensors({ x: { dtype: "bool", shape: [] } }), "error", { x: true }, true],
    [tensors({ x: { dtype: "bool", shape: [] } }), "error", { x: true, y: 1 }, false],
    [text({ maxLength: 2 }), "error", "abc", false],
  ])("agree: case %#", async (type, nan, value, expected) => {
    expect(fitsSchema(type.spec, value, nan)).toBe(expected);
    expect(await fitsReader(type, value, nan)).toBe(expected);
  });
});
