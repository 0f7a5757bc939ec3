import { ServingError } from "../../errors.ts";
import type { JsonSchema, JsonValue } from "../types.ts";

const JSON_TYPES: ReadonlySet<unknown> = new Set(["null", "boolean", "number", "integer", "string", "array", "object"]);

/**
 * A schema as plain JSON Schema 2020-12: a copy without symbols and functions, patterns as text, tuples as `prefixItems`.
 *
 * Throws INVALID_ARGUMENT when a part of it has no JSON form, such as bigint or undefined.
 */
export function toJsonSchema(schema: object): JsonSchema {
  const plain = JSON.parse(JSON.stringify(schema, dropForeign)) as JsonSchema;
  return mapSchema(plain, (part) => {
    const types = Array.isArray(part["type"]) ? part["type"] : [part["type"] ?? "null"];
    const foreign = types.find((type) => !JSON_TYPES.has(type));
    if (foreign !== undefined)
      throw new ServingError("INVALID_ARGUMENT", `a value of type ${JSON.stringify(foreign)} has no JSON form`);
    return usePrefixItems(part);
  });
}

function dropForeign(key: string, value: unknown): unknown {
  if (key === "$schema") return undefined;
  if (value instanceof RegExp) return value.source;
  return typeof value === "bigint" ? Number(value) : value;
}

/** Drafts before 2020-12 wrote tuples as a list under `items`. */
function usePrefixItems(part: JsonSchema): JsonSchema {
  if (!Array.isArray(part["items"])) return part;
  const { items, additionalItems, ...rest } = part;
  return { ...rest, prefixItems: items ?? [], ...(additionalItems === undefined ? {} : { items: additionalItems }) };
}

// Where schemas stand inside a schema (JSON Schema 2020-12, "Keywords for applying subschemas").
const ONE = [
  "additionalProperties",
  "additionalItems",
  "items",
  "contains",
  "not",
  "if",
  "then",
  "else",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
];
const LISTS = ["anyOf", "oneOf", "allOf", "prefixItems", "items"];
const MAPS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/** A copy of a schema in which each schema, the inner ones first, went through `change`. */
export function mapSchema(schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (value: JsonValue): JsonValue => (isSchema(value) ? mapSchema(value, change) : value);
  const copy: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (ONE.includes(key) && isSchema(value)) copy[key] = inner(value);
    else if (LISTS.includes(key) && isList(value)) copy[key] = value.map(inner);
    else if (MAPS.includes(key) && isSchema(value)) copy[key] = mapValues(value, inner);
    else copy[key] = value;
  }
  return change(copy);
}

function mapValues(object: JsonSchema, change: (value: JsonValue) => JsonValue): JsonSchema {
  // fromEntries defines its keys: a property named __proto__ stays one.
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** Whether a value is a schema object, not one of the schemas `true` and `false`. */
export function isSchema(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !isList(value);
}

/** `Array.isArray` that also narrows read-only lists. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
