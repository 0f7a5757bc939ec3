import type { Direction } from "../../io/schema.ts";
import type { JsonSchema, JsonValue } from "../../io/types.ts";
import type { FieldShape, MessageShape, Scalar } from "./types.ts";

/** What is known of a value beside its type. */
export interface FieldUse {
  readonly direction: Direction;
  readonly isRequired: boolean;
}

/**
 * The field of a JSON value: numbers, texts, booleans, lists and objects of named members have types of their own, whatever else is a text that holds JSON.
 *
 * `null` is a field that does not come; an object's members beyond the named ones have no place.
 */
export function fieldOfSchema(key: string, given: JsonSchema, use: FieldUse): FieldShape {
  const { schema, isNullable } = withoutNull(given);
  const typed = typeOf(schema, use.direction);
  const comment = commentOf(given, schema);
  // An empty list and none at all look the same: where both mean something, JSON tells them apart.
  if (typed === undefined || (typed.isRepeated && isNullable)) return jsonField(key, comment);
  const isNeeded = use.isRequired && !isNullable;
  return {
    key,
    ...typed,
    isJson: false,
    absence: absenceOf(typed, use.isRequired, isNullable),
    hasPresence: !typed.isRepeated && typeof typed.type === "string" && !(use.direction === "output" && isNeeded),
    comment,
  };
}

/** The field of a value that has no type of its own: its JSON text. */
export function jsonField(key: string, comment: string): FieldShape {
  const text = comment === "" ? "JSON." : `${comment}\nJSON.`;
  return { key, type: "string", isRepeated: false, isJson: true, absence: "nothing", hasPresence: true, comment: text };
}

/** The fields of an object's members; undefined for what is no object of named members. */
export function fieldsOfObject(schema: JsonSchema, direction: Direction): readonly FieldShape[] | undefined {
  const { properties, required, additionalProperties = false, patternProperties } = schema;
  if (isComposed(schema) || schema["type"] !== "object" || !isSchema(properties)) return undefined;
  if (additionalProperties !== false || patternProperties !== undefined) return undefined;
  const needed: ReadonlySet<JsonValue> = new Set(Array.isArray(required) ? required : []);
  const fields = Object.entries(properties).map(([name, member]) =>
    isSchema(member) ? fieldOfSchema(name, member, { direction, isRequired: needed.has(name) }) : jsonField(name, ""),
  );
  return fields.length === 0 ? undefined : fields;
}

function commentOf(given: JsonSchema, schema: JsonSchema): string {
  const { description } = given;
  const listed = literalsOf(schema)
    ?.map((value) => JSON.stringify(value))
    .join(", ");
  return [
    ...(typeof description === "string" ? [description] : []),
    ...(listed === undefined ? [] : [`One of ${listed}.`]),
  ].join("\n");
}

interface Typed {
  readonly type: Scalar | MessageShape;
  readonly isRepeated: boolean;
}

function absenceOf({ isRepeated }: Typed, isRequired: boolean, isNullable: boolean): FieldShape["absence"] {
  if (!isRequired) return "nothing";
  if (isRepeated) return "empty";
  return isNullable ? "null" : "nothing";
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  number: "double",
  integer: "int64",
  boolean: "bool",
  string: "string",
};

function typeOf(schema: JsonSchema, direction: Direction): Typed | undefined {
  const literals = literalsOf(schema);
  if (literals !== undefined) return typeOfLiterals(literals);
  const { type } = schema;
  if (isComposed(schema) || typeof type !== "string") return undefined;
  if (type === "array") return typeOfList(schema, direction);
  if (type === "object") {
    const fields = fieldsOfObject(schema, direction);
    return fields === undefined ? undefined : { type: inside(fields, false), isRepeated: false };
  }
  const scalar = SCALARS[type];
  return scalar === undefined ? undefined : { type: scalar, isRepeated: false };
}

function typeOfList({ items, prefixItems }: JsonSchema, direction: Direction): Typed | undefined {
  if (!isSchema(items) || prefixItems !== undefined) return undefined;
  const element = typeOf(items, direction);
  if (element === undefined) return undefined;
  if (!element.isRepeated) return { type: element.type, isRepeated: true };
  const values: FieldShape = { ...LIST_FIELD, type: element.type };
  return { type: inside([values], true), isRepeated: true };
}

const LIST_FIELD = {
  key: "values",
  isRepeated: true,
  isJson: false,
  absence: "empty",
  hasPresence: false,
  comment: "",
} as const satisfies Partial<FieldShape>;

/** A message that stands inside the one that uses it. */
export function inside(fields: readonly FieldShape[], isListOnly: boolean): MessageShape {
  return { place: "inside", name: undefined, isListOnly, fields, comment: "" };
}

/** The values of an enumeration, however it is written; undefined for another schema. */
function literalsOf(schema: JsonSchema): readonly JsonValue[] | undefined {
  if (Object.hasOwn(schema, "const")) return [schema["const"] ?? null];
  if (Array.isArray(schema["enum"])) return schema["enum"];
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(choices)) return undefined;
  const literals = choices.map((choice: JsonValue) => (isSchema(choice) ? literalsOf(choice) : undefined));
  return literals.every((values) => values !== undefined) ? literals.flat() : undefined;
}

function typeOfLiterals(values: readonly JsonValue[]): Typed | undefined {
  const scalars = new Set(values.map((value) => (Number.isSafeInteger(value) ? "integer" : typeof value)));
  if (scalars.has("number")) scalars.delete("integer");
  const [only, ...others] = [...scalars].map((name) => SCALARS[name]);
  return only === undefined || others.length > 0 ? undefined : { type: only, isRepeated: false };
}

/** The schema less `null`, and whether it allowed that. */
function withoutNull(schema: JsonSchema): { readonly schema: JsonSchema; readonly isNullable: boolean } {
  for (const word of ["anyOf", "oneOf"]) {
    const choices = schema[word];
    if (!Array.isArray(choices)) continue;
    const others = choices.filter((choice: JsonValue) => !isNullSchema(choice));
    const [only] = others;
    if (others.length === choices.length) return { schema, isNullable: false };
    return { schema: others.length === 1 && isSchema(only) ? only : { [word]: others }, isNullable: true };
  }
  const { type } = schema;
  if (!Array.isArray(type)) return { schema, isNullable: false };
  const [only, ...others] = type.filter((one: JsonValue) => one !== "null");
  if (only === undefined || others.length > 0) return { schema, isNullable: false };
  return { schema: { ...schema, type: only }, isNullable: type.length > 1 };
}

function isNullSchema(choice: JsonValue): boolean {
  return isSchema(choice) && (choice["type"] === "null" || choice["const"] === null);
}

/** Whether other schemas say what the value may be. */
function isComposed(schema: JsonSchema): boolean {
  return ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf"].some((word) => Object.hasOwn(schema, word));
}

function isSchema(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
