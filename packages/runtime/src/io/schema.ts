import { DTYPES, type DType } from "../tensor/dtype.ts";
import type {
  ColumnSpec,
  ColumnType,
  DataFrameSpec,
  ImageSpec,
  IoSpec,
  JsonSchema,
  JsonValue,
  MultipartSpec,
} from "./types.ts";

/** Which way a value goes: a caller sends an input, a service answers with an output. */
export type Direction = "input" | "output";

/** The JSON Schema (2020-12) of the JSON form of a type. */
export function jsonSchemaOf(spec: IoSpec, direction: Direction): JsonSchema {
  switch (spec.kind) {
    case "json":
      return spec.schema;
    case "dataFrame":
      return frameSchema(spec, direction);
    case "tensor":
      return nestedSchema(spec.dtype, spec.shape);
    case "tensors":
      return objectSchema(
        Object.entries(spec.tensors).map(([name, tensor]) => [name, nestedSchema(tensor.dtype, tensor.shape), true]),
      );
    case "image":
      return imageSchema(spec, direction);
    case "file":
      return { type: "string", contentEncoding: "base64", description: "The file's bytes in base64, or a data URL." };
    case "bytes":
      return {
        type: "string",
        contentEncoding: "base64",
        contentMediaType: spec.mediaType,
        description: "Bytes in base64.",
      };
    case "text":
      return { type: "string", ...(spec.maxLength === null ? {} : { maxLength: spec.maxLength }) };
    case "multipart":
      return multipartSchema(spec, direction);
  }
}

type Property = readonly [name: string, schema: JsonSchema, required: boolean];

function objectSchema(properties: readonly Property[]): JsonSchema {
  const required = properties.filter(([, , isRequired]) => isRequired).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(properties.map(([name, schema]) => [name, schema])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function multipartSchema(spec: MultipartSpec, direction: Direction): JsonSchema {
  return objectSchema(
    Object.entries(spec.fields).map(([name, field]) => [name, jsonSchemaOf(field.spec, direction), field.required]),
  );
}

function imageSchema(spec: ImageSpec, direction: Direction): JsonSchema {
  const formats = spec.formats.join(", ");
  const description =
    direction === "output" ? "A PNG picture in base64." : `A picture (${formats}) in base64, or as a data URL.`;
  return {
    type: "string",
    contentEncoding: "base64",
    contentMediaType: direction === "output" ? "image/png" : "image/*",
    description,
  };
}

/** Nested lists of one element type; a list for each axis. */
function nestedSchema(dtype: DType, shape: readonly (number | null)[]): JsonSchema {
  return shape.reduceRight<JsonSchema>(
    (items, size) => ({ type: "array", items, ...(size === null ? {} : { minItems: size, maxItems: size }) }),
    elementSchema(dtype),
  );
}

function elementSchema(dtype: DType): JsonSchema {
  const row = DTYPES[dtype];
  switch (row.kind) {
    case "bool":
      return { type: "boolean" };
    case "string":
      return { type: "string" };
    case "bigint":
      // Past 2^53 JSON carries the digits; the range itself does not fit a JSON Schema reader that counts in doubles.
      return { type: "integer", format: dtype, description: "Exact to 64 bits." };
    case "int":
      return { type: "integer", minimum: row.min, maximum: row.max };
    case "float":
      return { type: "number", format: dtype === "float64" ? "double" : "float" };
  }
}

function frameSchema(spec: DataFrameSpec, direction: Direction): JsonSchema {
  const columns = Object.entries(spec.columns);
  const rows = { minItems: spec.minRows, ...(spec.maxRows === null ? {} : { maxItems: spec.maxRows }) };
  const extra = spec.extra === "ignore";
  const record: JsonSchema = {
    type: "object",
    properties: Object.fromEntries(columns.map(([name, column]) => [name, cellSchema(column)])),
    required: columns.filter(([, column]) => column.nullable !== true).map(([name]) => name),
    additionalProperties: extra,
  };
  const forms: Readonly<Record<DataFrameSpec["orient"], JsonSchema>> = {
    records: { title: "records", type: "array", items: record, ...rows },
    columns: {
      title: "columns",
      type: "object",
      properties: Object.fromEntries(
        columns.map(([name, column]) => [name, { type: "array", items: cellSchema(column), ...rows }]),
      ),
      required: record["required"] ?? [],
      additionalProperties: extra,
    },
    split: {
      title: "split",
      type: "object",
      properties: {
        columns: { type: "array", items: { type: "string" } },
        index: { type: "array" },
        data: { type: "array", items: { type: "array" }, ...rows },
      },
      required: ["columns", "data"],
    },
  };
  const frame: JsonSchema =
    direction === "output" ? forms[spec.orient] : { oneOf: [forms.records, forms.columns, forms.split] };
  return objectSchema([[spec.key, frame, true]]);
}

const CELL_TYPES = {
  float64: { type: "number", format: "double" },
  float32: { type: "number", format: "float" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  bool: { type: "boolean" },
  string: { type: "string" },
} as const satisfies Record<ColumnType, JsonSchema>;

function cellSchema(column: ColumnSpec): JsonSchema {
  const { type, ...rest } = CELL_TYPES[column.type];
  const nullable = column.nullable === true;
  const schema: Record<string, JsonValue> = { type: nullable ? [type, "null"] : type, ...rest };
  if (column.min !== undefined) schema["minimum"] = column.min;
  if (column.max !== undefined) schema["maximum"] = column.max;
  if (column.maxLength !== undefined) schema["maxLength"] = column.maxLength;
  if (column.enum !== undefined) schema["enum"] = nullable ? [...column.enum, null] : [...column.enum];
  if (column.description !== undefined) schema["description"] = column.description;
  return schema;
}
