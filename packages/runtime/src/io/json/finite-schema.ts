import type { JsonSchema, JsonValue, NanPolicy } from "../types.ts";
import { isList, isSchema, mapSchema } from "./json-schema.ts";

/** Types whose values, once they fit, are what JSON can carry. */
const PLAIN_TYPES: ReadonlySet<unknown> = new Set(["null", "boolean", "number", "integer", "string"]);

/**
 * Whether a value that fits the schema can't hold anything that JSON has no form for: no NaN in a place that the schema leaves open.
 *
 * Then checking the value is all the work. Errs on the side of false.
 */
export function isClosedSchema(schema: JsonValue | undefined): boolean {
  if (!isSchema(schema)) return schema === false;
  if ("const" in schema || "enum" in schema) return true;
  if (isList(schema["anyOf"])) return schema["anyOf"].every(isClosedSchema);
  if (PLAIN_TYPES.has(schema["type"])) return true;
  if (schema["type"] === "array") return isClosedArray(schema);
  return schema["type"] === "object" && isClosedObject(schema);
}

function isClosedArray(schema: JsonSchema): boolean {
  const prefix = schema["prefixItems"];
  return (prefix === undefined || (isList(prefix) && prefix.every(isClosedSchema))) && isClosedSchema(schema["items"]);
}

function isClosedObject(schema: JsonSchema): boolean {
  const properties = isSchema(schema["properties"]) ? Object.values(schema["properties"]) : [];
  return (
    schema["additionalProperties"] === false &&
    schema["patternProperties"] === undefined &&
    properties.every(isClosedSchema)
  );
}

/**
 * The schema of what is written when `null` or strings stand for non-finite numbers: wherever a number may stand, they may stand too.
 */
export function withNonFinite(schema: JsonSchema, nan: NanPolicy): JsonSchema {
  if (nan === "error") return schema;
  const standIn: JsonSchema = nan === "null" ? { type: "null" } : { enum: ["NaN", "Infinity", "-Infinity"] };
  return mapSchema(schema, (part) => {
    const { oneOf, ...rest } = part;
    // Once null stands for a number too, a value may fit two of a oneOf.
    const open = isList(oneOf) ? { ...rest, anyOf: oneOf } : part;
    if (!takesNumbers(open)) return open;
    const { title, description, ...bare } = open;
    const notes = { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
    return { ...notes, anyOf: [bare, standIn] };
  });
}

function takesNumbers(part: JsonSchema): boolean {
  const { type } = part;
  return type === "number" || (isList(type) && type.includes("number"));
}
