import fc from "fast-check";
import { Check } from "typebox/schema";
import { describe, expect, it } from "vitest";
import type { JsonSchema, JsonValue } from "../../io/types.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import { toSchema30 } from "./schema-30.ts";
import { mapSubschemas } from "./subschemas.ts";

const NULL = { type: "string", nullable: true, enum: [null] };

describe("toSchema30", () => {
  // Expected values by OpenAPI 3.0.3 "Schema Object".
  it.each<[string, JsonValue, JsonSchema]>([
    ["true", true, {}],
    ["false", false, { not: {} }],
    ["a type or null", { type: ["string", "null"], maxLength: 3 }, { maxLength: 3, type: "string", nullable: true }],
    ["null alone", { type: "null" }, NULL],
    ["a constant", { const: "a" }, { enum: ["a"] }],
    ["several types", { type: ["string", "array"] }, { anyOf: [{ type: "string" }, { type: "array", items: {} }] }],
    [
      "several types or null",
      { type: ["string", "integer", "null"] },
      { anyOf: [{ type: "string" }, { type: "integer" }, NULL] },
    ],
    [
      "several types beside a choice",
      { type: ["string", "number"], anyOf: [{ const: 1 }, { const: "a" }] },
      { allOf: [{ anyOf: [{ enum: [1] }, { enum: ["a"] }] }, { anyOf: [{ type: "string" }, { type: "number" }] }] },
    ],
    [
      "exclusive bounds",
      { exclusiveMinimum: 0, exclusiveMaximum: 9 },
      { minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
    ],
    [
      "two lower bounds, the exclusive one stricter",
      { minimum: 1, exclusiveMinimum: 2 },
      { minimum: 2, exclusiveMinimum: true },
    ],
    ["two lower bounds, the inclusive one stricter", { minimum: 3, exclusiveMinimum: 2 }, { minimum: 3 }],
    ["two equal bounds", { maximum: 2, exclusiveMaximum: 2 }, { maximum: 2, exclusiveMaximum: true }],
    [
      "a closed tuple",
      { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: false },
      { items: { anyOf: [{ type: "string" }, { type: "number" }] }, maxItems: 2, type: "array" },
    ],
    [
      "an open tuple",
      { type: "array", prefixItems: [{ type: "string" }], items: { type: "number" } },
      { items: { anyOf: [{ type: "string" }, { type: "number" }] }, type: "array" },
    ],
    ["a list of anything", { type: "array" }, { type: "array", items: {} }],
    [
      "base64",
      { type: "string", contentEncoding: "base64", contentMediaType: "image/png" },
      { type: "string", format: "byte" },
    ],
    ["raw bytes", { contentMediaType: "image/png" }, { type: "string", format: "binary" }],
    ["text of another format", { type: "string", contentMediaType: "text/csv" }, { type: "string" }],
    ["examples", { type: "string", examples: ["a", "b"] }, { type: "string", example: "a" }],
    ["an empty list of required names", { type: "object", required: [] }, { type: "object" }],
    [
      "a record",
      { type: "object", patternProperties: { "^.*$": { type: "number" } } },
      { type: "object", additionalProperties: { type: "number" } },
    ],
    [
      "closed patterns",
      {
        type: "object",
        patternProperties: { "^a": { type: "number" }, "^b": { const: 1 } },
        additionalProperties: false,
      },
      { type: "object", additionalProperties: { anyOf: [{ type: "number" }, { enum: [1] }] } },
    ],
    ["open patterns", { type: "object", patternProperties: { "^a": { type: "number" } } }, { type: "object" }],
    [
      "no other properties",
      { type: "object", additionalProperties: false },
      { type: "object", additionalProperties: false },
    ],
    [
      "a schema or null",
      { anyOf: [{ type: "null" }, { type: "string", maxLength: 2 }] },
      { type: "string", maxLength: 2, nullable: true },
    ],
    [
      "null beside a type that null is not",
      { type: "string", anyOf: [{ type: "null" }] },
      { type: "string", anyOf: [NULL] },
    ],
    ["null twice in one choice", { oneOf: [{ type: "null" }, { type: "null" }] }, { oneOf: [NULL, NULL] }],
    ["a reference or null", { anyOf: [{ $ref: "#/x" }, { type: "null" }] }, { anyOf: [{ $ref: "#/x" }, NULL] }],
    [
      "a schema or null beside a title that differs",
      { title: "a", anyOf: [{ title: "b", type: "string" }, { type: "null" }] },
      { title: "a", anyOf: [{ title: "b", type: "string" }, NULL] },
    ],
    [
      "a reference with a description",
      { $ref: "#/x", description: "d" },
      { description: "d", allOf: [{ $ref: "#/x" }] },
    ],
    ["a bare reference", { $ref: "#/x" }, { $ref: "#/x" }],
    [
      "words that 3.0 does not know",
      { type: "object", propertyNames: { pattern: "^a" }, if: {}, else: false, dependentRequired: { a: ["b"] } },
      { type: "object" },
    ],
    ["a negation of what comes out wider", { not: { contains: { const: 1 } } }, {}],
    ["a negation of what stays as it is", { not: { const: 1 } }, { not: { enum: [1] } }],
    [
      "exactly one of what comes out wider",
      { oneOf: [{ $ref: "#/x" }, { const: 1 }] },
      { anyOf: [{ $ref: "#/x" }, { enum: [1] }] },
    ],
    [
      "exactly one of what stays as it is",
      { oneOf: [{ const: 1 }, { const: 2 }] },
      { oneOf: [{ enum: [1] }, { enum: [2] }] },
    ],
    [
      "data that looks like schemas",
      { enum: [{ type: ["string", "null"] }], default: { const: 1 } },
      { enum: [{ type: ["string", "null"] }], default: { const: 1 } },
    ],
    [
      "properties named as keywords",
      { properties: { const: { const: 1 }, items: {} } },
      { properties: { const: { enum: [1] }, items: {} } },
    ],
  ])("converts %s", (_name, schema, expected) => {
    expect(toSchema30(schema)).toEqual(expected);
  });

  it("accepts whatever the schema accepts", () => {
    fc.assert(
      fc.property(schemas, values, (schema, value) => {
        if (!accepts(schema, value)) return;
        expect(accepts(read30(toSchema30(schema)), value)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses what the schema refuses, for keywords of which nothing is lost", () => {
    fc.assert(
      fc.property(exactSchemas, values, (schema, value) => {
        expect(accepts(read30(toSchema30(schema)), value)).toBe(accepts(schema, value));
      }),
      { numRuns: 2000 },
    );
  });
});

/** A 3.0 schema read back by the rules of OpenAPI 3.0.3: `nullable` counts beside a type, exclusive bounds are booleans. */
function read30(value: JsonValue): JsonSchema {
  if (!isJsonObject(value)) return value === false ? { not: {} } : {};
  const { nullable, exclusiveMinimum, exclusiveMaximum, minimum, maximum, type, ...rest } = mapSubschemas(
    value,
    read30,
  );
  const schema: Record<string, JsonValue> = { ...rest };
  if (minimum !== undefined) schema[exclusiveMinimum === true ? "exclusiveMinimum" : "minimum"] = minimum;
  if (maximum !== undefined) schema[exclusiveMaximum === true ? "exclusiveMaximum" : "maximum"] = maximum;
  if (type !== undefined) schema["type"] = nullable === true ? [type, "null"] : type;
  return schema;
}

function accepts(schema: JsonSchema, value: unknown): boolean {
  return Check(schema as object, value);
}

const values = fc.oneof(
  fc.constantFrom(null, true, 0, 1, 2, 2.5, "", "a", "abc"),
  fc.array(fc.constantFrom(null, 0, 1, "a", "abc"), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "b", "ab"), fc.constantFrom(null, 1, "a"), { maxKeys: 3 }),
);

const typeNames = fc.constantFrom("null", "string", "integer", "number", "boolean", "array", "object");
const leaf: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.constant({}),
  typeNames.map((type) => ({ type })),
  fc.uniqueArray(typeNames, { minLength: 1, maxLength: 3 }).map((type) => ({ type })),
  fc.constantFrom<JsonValue>(null, 1, "a").map((value) => ({ const: value })),
  fc.constantFrom<JsonObject>(
    { exclusiveMinimum: 1 },
    { minimum: 1, exclusiveMaximum: 2 },
    { maxLength: 1 },
    { enum: ["a", null] },
    { type: "null" },
    { minItems: 2 },
  ),
);
const { exact: exactSchemas } = fc.letrec<{ exact: JsonObject }>((tie) => ({
  exact: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("exact"), { minLength: 1, maxLength: 2 }).map((anyOf) => ({ anyOf })),
    fc.array(tie("exact"), { minLength: 1, maxLength: 2 }).map((oneOf) => ({ oneOf })),
    tie("exact").map((not) => ({ not })),
    tie("exact").map((items) => ({ type: "array", items })),
    fc.tuple(leaf, tie("exact")).map(([base, inner]) => ({ ...base, anyOf: [inner, { type: "null" }] })),
    tie("exact").map((inner) => ({ type: "object", properties: { a: inner }, additionalProperties: false })),
  ),
}));
const { schema: schemas } = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("schema"), { minLength: 1, maxLength: 2 }).map((oneOf) => ({ oneOf })),
    tie("schema").map((not) => ({ not })),
    fc
      .tuple(tie("schema"), fc.constantFrom<JsonObject>({}, { items: false }, { items: { type: "integer" } }))
      .map(([first, rest]) => ({ type: "array", prefixItems: [first], ...rest })),
    fc.tuple(tie("schema"), fc.boolean()).map(([inner, additionalProperties]) => ({
      type: "object",
      patternProperties: { "^a": inner },
      additionalProperties,
    })),
    tie("schema").map((inner) => ({ contains: inner })),
    tie("schema").map((inner) => ({ if: inner, else: { type: "string" } })),
    tie("schema").map((inner) => ({ propertyNames: inner })),
  ),
}));
