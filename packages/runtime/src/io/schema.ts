import { frameSchema } from "./frame-schema.ts";
import { withNonFinite } from "./json/finite-schema.ts";
import { nestedSchema } from "./tensor-schema.ts";
import type { ImageSpec, IoSpec, JsonSchema, MultipartSpec, NanPolicy } from "./types.ts";

/** Which way a value goes: a caller sends an input, a service answers with an output. */
export type Direction = "input" | "output";

/**
 * The JSON Schema (2020-12) of the JSON form of a type, for documents.
 *
 * `nan` is the policy of the API: under "null" and "string" it tells what may stand for a number. Readers check more than a schema can say, such as rows of split
 * against its columns.
 */
export function jsonSchemaOf(spec: IoSpec, direction: Direction, nan: NanPolicy = "error"): JsonSchema {
  switch (spec.kind) {
    case "json":
      // As an input a `t` value is taken by the letter of its schema.
      return direction === "output" ? withNonFinite(spec.schema, nan) : spec.schema;
    case "dataFrame":
      return frameSchema(spec, direction, nan);
    case "tensor":
      return nestedSchema(spec.dtype, spec.shape, direction, nan);
    case "tensors":
      return objectSchema(
        Object.entries(spec.tensors).map(([name, { dtype, shape }]) => [
          name,
          nestedSchema(dtype, shape, direction, nan),
          true,
        ]),
      );
    case "image":
      return imageSchema(spec, direction);
    case "file":
      return base64Schema(direction === "output" ? "The file in base64." : "The file in base64, or as a data URL.");
    case "bytes":
      return { ...base64Schema("Bytes in base64."), contentMediaType: spec.mediaType };
    case "text":
      return { type: "string", ...(spec.maxLength === null ? {} : { maxLength: spec.maxLength }) };
    case "multipart":
      return multipartSchema(spec, direction, nan);
    case "list":
      return { type: "array", items: jsonSchemaOf(spec.items, direction, nan) };
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

function multipartSchema({ fields }: MultipartSpec, direction: Direction, nan: NanPolicy): JsonSchema {
  return objectSchema(
    Object.entries(fields).map(([name, field]) => [name, jsonSchemaOf(field.spec, direction, nan), field.required]),
  );
}

function imageSchema({ formats }: ImageSpec, direction: Direction): JsonSchema {
  if (direction === "output") return { ...base64Schema("A PNG picture in base64."), contentMediaType: "image/png" };
  return {
    ...base64Schema(`A picture (${formats.join(", ")}) in base64, or as a data URL.`),
    contentMediaType: formats.length === 1 ? `image/${formats[0]}` : "image/*",
  };
}

function base64Schema(description: string): JsonSchema {
  return { type: "string", contentEncoding: "base64", description };
}
