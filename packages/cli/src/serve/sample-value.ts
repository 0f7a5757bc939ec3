import type { IoSpec, JsonSchema, JsonValue } from "@bento-ts/runtime/definition";

/** A value in JSON that an input of this type may well take: one row, sizes of one, zeros. */
export function sampleValue(spec: IoSpec): JsonValue {
  switch (spec.kind) {
    case "json":
      return fromSchema(spec.schema, 0);
    case "dataFrame": {
      const cells = Object.entries(spec.columns).map(([name, column]) => [name, sampleCell(column)]);
      return { [spec.key]: [Object.fromEntries(cells)] };
    }
    case "tensor":
      return zeros(spec.dtype, spec.shape);
    case "tensors":
      return Object.fromEntries(
        Object.entries(spec.tensors).map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
      );
    case "multipart":
      return Object.fromEntries(Object.entries(spec.fields).map(([name, field]) => [name, sampleValue(field.spec)]));
    case "list":
      return [sampleValue(spec.items)];
    case "text":
      return "some text";
    case "image":
    case "file":
    case "bytes":
      return "<base64>";
  }
}

type Column = Extract<IoSpec, { kind: "dataFrame" }>["columns"][string];

/** A cell that a column may well have. */
export function sampleCell({ type, min, enum: choices }: Column): string | number | boolean {
  if (choices?.[0] !== undefined) return choices[0];
  if (type === "string") return "text";
  return type === "bool" ? true : (min ?? 0);
}

function zeros(dtype: string, [size, ...rest]: readonly (number | null)[]): JsonValue {
  if (size === undefined) return dtype === "string" ? "text" : dtype === "bool" ? false : 0;
  return Array.from({ length: Math.min(size ?? 1, MAX_SIZE) }, () => zeros(dtype, rest));
}

/** Past this a sample is too long to be shown anyway. */
const MAX_SIZE = 300;

/** Deep enough for a first look; a schema may contain itself. */
const MAX_DEPTH = 6;

function fromSchema(schema: JsonValue | undefined, depth: number): JsonValue {
  if (!isSchema(schema) || depth > MAX_DEPTH) return {};
  const given = [schema["const"], schema["default"], first(schema["examples"]), first(schema["enum"])];
  const known = given.find((value) => value !== undefined);
  if (known !== undefined) return known;
  const choice = first(schema["anyOf"]) ?? first(schema["oneOf"]) ?? first(schema["allOf"]);
  if (choice !== undefined) return fromSchema(choice, depth + 1);
  switch (first(schema["type"]) ?? schema["type"]) {
    case "object":
      return fromProperties(schema, depth);
    case "array":
      return isSchema(schema["items"]) ? [fromSchema(schema["items"], depth + 1)] : [];
    case "string":
      return "text";
    case "number":
    case "integer":
      return schema["minimum"] ?? 0;
    case "boolean":
      return true;
    default:
      return null;
  }
}

function fromProperties(schema: JsonSchema, depth: number): JsonValue {
  const { properties, required } = schema;
  if (!isSchema(properties)) return {};
  const names = Array.isArray(required) ? required.map(String) : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, fromSchema(properties[name], depth + 1)]));
}

function first(list: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(list) ? (list as readonly JsonValue[])[0] : undefined;
}

function isSchema(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
