import type { JsonSchema, JsonValue } from "../../io/types.ts";
import { isJsonList, isJsonObject, type JsonObject } from "./json-object.ts";
import { mapSubschemas, words } from "./subschemas.ts";

/**
 * The schema in the dialect of OpenAPI 3.0.
 *
 * What 3.0 has no word for is left out, so the result accepts at least everything that the schema accepts and is never stricter; null, constants, exclusive
 * bounds and binary content keep their meaning. Source: OpenAPI 3.0.3, "Schema Object", with the clarification of `nullable` (proposal of 2019-10-31).
 */
export function toSchema30(value: JsonValue): JsonSchema {
  if (value === false) return { not: {} };
  if (!isJsonObject(value)) return {};
  const schema = mapSubschemas(fromInexact(value), toSchema30);
  if (typeof schema["$ref"] === "string") return fromReference(schema);
  const steps = [
    fromTuple,
    fromPatternProperties,
    fromBounds,
    fromConst,
    fromContent,
    fromExamples,
    fromNullMember,
    fromTypes,
    keepKnown,
  ];
  return steps.reduce((current, step) => step(current), schema);
}

/** Keywords of the 3.0 Schema Object. */
const KNOWN = words(
  `title description default deprecated readOnly writeOnly example nullable format type enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum
   maxLength minLength pattern maxItems minItems uniqueItems items maxProperties minProperties required properties additionalProperties not allOf oneOf anyOf
   discriminator xml externalDocs`,
);

/** Keywords of which nothing is lost on the way, beside those that 3.0 has itself. */
const TRANSLATED = words("const examples contentEncoding contentMediaType");

/** What only null fits: `nullable` counts beside a type alone, and an untyped schema would let everything pass. */
const ONLY_NULL: JsonObject = { type: "string", nullable: true, enum: [null] };

/** Drops "not this" and loosens "exactly one of these" where a schema inside would come out wider, since the whole would then be stricter. */
function fromInexact(schema: JsonObject): JsonObject {
  const { not, oneOf, ...rest } = schema;
  const keptNot: JsonObject = not === undefined || !isExact(not) ? {} : { not };
  if (oneOf === undefined) return { ...rest, ...keptNot };
  if (listOf(oneOf).every(isExact)) return { ...rest, ...keptNot, oneOf };
  return withChoice({ ...rest, ...keptNot }, listOf(oneOf));
}

function isExact(value: JsonValue): boolean {
  if (!isJsonObject(value)) return true;
  if (!Object.keys(value).every((keyword) => KNOWN.has(keyword) || TRANSLATED.has(keyword))) return false;
  let exact = true;
  mapSubschemas(value, (inner) => {
    exact = exact && isExact(inner);
    return inner;
  });
  return exact;
}

/** 3.0 reads nothing beside a `$ref`. */
function fromReference({ $ref, ...beside }: JsonObject): JsonObject {
  const known = keepKnown(beside);
  return Object.keys(known).length === 0
    ? { $ref: $ref ?? "" }
    : { ...known, allOf: [{ $ref: $ref ?? "" }, ...listOf(known["allOf"])] };
}

/** A tuple becomes a list whose items are each one of the tuple's; 3.0 knows no places. */
function fromTuple({ prefixItems, ...schema }: JsonObject): JsonObject {
  if (!isJsonList(prefixItems)) return schema;
  // toSchema30 has already turned `items: false` into { not: {} }.
  const closed = isNothing(schema["items"]);
  const rest = closed ? [] : [schema["items"] ?? {}];
  const items = distinct([...prefixItems, ...rest]);
  const shape: JsonObject = { ...schema, items: items.length === 1 ? (items[0] ?? {}) : { anyOf: items } };
  if (!closed) return shape;
  return { ...shape, maxItems: Math.min(prefixItems.length, numberOf(schema["maxItems"]) ?? prefixItems.length) };
}

/** Patterns of property names are lost; what no name is given for may be what any of the patterns allows. */
function fromPatternProperties({ patternProperties, ...schema }: JsonObject): JsonObject {
  if (!isJsonObject(patternProperties)) return schema;
  const patterns = Object.entries(patternProperties);
  const others = schema["additionalProperties"];
  const closed = isNothing(others);
  const open = others === undefined && !patterns.some(([pattern]) => ["", "^.*$", "^(.*)$", ".*"].includes(pattern));
  const allowed = distinct([
    ...patterns.map(([, inner]) => inner),
    ...(open ? [{}] : closed || others === undefined ? [] : [others]),
  ]);
  if (open || allowed.length === 0) return schema;
  return { ...schema, additionalProperties: allowed.length === 1 ? (allowed[0] ?? {}) : { anyOf: allowed } };
}

function fromBounds(schema: JsonObject): JsonObject {
  return fromBound(fromBound(schema, "minimum", "exclusiveMinimum", Math.max), "maximum", "exclusiveMaximum", Math.min);
}

/** 3.0 says by a boolean whether a bound is outside; of two bounds the stricter stays. */
function fromBound(
  schema: JsonObject,
  inclusive: string,
  exclusive: string,
  stricter: (a: number, b: number) => number,
): JsonObject {
  const outside = numberOf(schema[exclusive]);
  if (outside === undefined) return schema;
  const inside = numberOf(schema[inclusive]);
  const { [exclusive]: _dropped, ...rest } = schema;
  if (inside !== undefined && inside !== outside && stricter(inside, outside) === inside) return rest;
  return { ...rest, [inclusive]: outside, [exclusive]: true };
}

function fromConst(schema: JsonObject): JsonObject {
  if (!Object.hasOwn(schema, "const")) return schema;
  const { const: only, ...rest } = schema;
  return { ...rest, enum: [only ?? null] };
}

/** Text that carries bytes: base64 is the format `byte`, raw bytes are `binary`. Source: OpenAPI 3.0.3, "Data Types". */
function fromContent(schema: JsonObject): JsonObject {
  if (schema["contentEncoding"] === "base64") return { ...schema, format: "byte" };
  const { contentMediaType: type, contentEncoding, contentSchema } = schema;
  const raw =
    typeof type === "string" &&
    !/^text\/|json$/.test(type) &&
    contentEncoding === undefined &&
    contentSchema === undefined;
  return raw ? { ...schema, type: "string", format: "binary" } : schema;
}

function fromExamples(schema: JsonObject): JsonObject {
  const [first] = listOf(schema["examples"]);
  return first === undefined || schema["example"] !== undefined ? schema : { ...schema, example: first };
}

/** `anyOf: [X, null]` becomes X that may be null. */
function fromNullMember(schema: JsonObject): JsonObject {
  const keyword = ["anyOf", "oneOf"].find((name) => listOf(schema[name]).some((member) => isSame(member, ONLY_NULL)));
  if (keyword === undefined) return schema;
  const { [keyword]: members, ...rest } = schema;
  const others = listOf(members).filter((member) => !isSame(member, ONLY_NULL));
  const [only] = others;
  // Null that fits several members of "exactly one of these" fits not at all: such a choice stays as it is.
  const nulls = listOf(members).length - others.length + others.filter(isNullable).length;
  if (keyword === "oneOf" && nulls > 1) return schema;
  const merges =
    others.length === 1 && isJsonObject(only) && typeof only["type"] === "string" && only["enum"] === undefined;
  const merged = only === undefined ? ONLY_NULL : merges ? only : undefined;
  // What stands beside the choice counts too: a string that is null is nothing.
  if (merged === undefined || Object.keys(merged).some((key) => Object.hasOwn(rest, key)))
    return { ...rest, [keyword]: [...others, ONLY_NULL] };
  return { ...rest, ...merged, nullable: true };
}

function isNullable(schema: JsonValue): boolean {
  return isJsonObject(schema) && schema["nullable"] === true;
}

/** A list of types becomes one type, `nullable` or one schema for each type. */
function fromTypes(schema: JsonObject): JsonObject {
  const { type, ...rest } = schema;
  if (type === undefined) return schema;
  const types = distinct(isJsonList(type) ? type : [type]);
  const named = types.filter((name) => name !== "null");
  const nullable = named.length < types.length;
  const [only] = named;
  if (only === undefined) return { ...rest, ...ONLY_NULL };
  const items: JsonObject = only === "array" && rest["items"] === undefined ? { items: {} } : {};
  if (named.length === 1) return { ...rest, type: only, ...items, ...(nullable ? { nullable: true } : {}) };
  const each = named.map((name): JsonObject => (name === "array" ? { type: name, items: {} } : { type: name }));
  return withChoice(rest, nullable ? [...each, ONLY_NULL] : each);
}

/** Adds "one of these" to a schema that may have a choice of its own already. */
function withChoice(schema: JsonObject, choice: readonly JsonValue[]): JsonObject {
  if (schema["anyOf"] === undefined) return { ...schema, anyOf: choice };
  const { anyOf, ...rest } = schema;
  return { ...rest, allOf: [...listOf(rest["allOf"]), { anyOf }, { anyOf: choice }] };
}

function keepKnown(schema: JsonObject): JsonObject {
  const known = Object.entries(schema).filter(([keyword, value]) => {
    // 3.0 is built on an older JSON Schema, whose lists of names and values may not be empty.
    if (keyword === "required") return listOf(value).length > 0;
    return KNOWN.has(keyword) || keyword.startsWith("x-");
  });
  return Object.fromEntries(
    known.map(([keyword, value]) => [keyword, keyword === "additionalProperties" && isNothing(value) ? false : value]),
  );
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonList(value) ? value : [];
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Whether a converted schema is `false`: nothing fits it. */
function isNothing(value: JsonValue | undefined): boolean {
  return isSame(value, { not: {} });
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function distinct(values: readonly JsonValue[]): readonly JsonValue[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
