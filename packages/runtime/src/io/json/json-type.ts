import type { Static } from "typebox";
import { ServingError } from "../../errors.ts";
import type { IoType, JsonSpec } from "../types.ts";
import { type Checker, createChecker } from "./check-value.ts";
import { readJsonPayload, writeJsonPayload } from "./json-payload.ts";
import { toJsonSchema } from "./json-schema.ts";
import { compileType, hasCodec, Type } from "./typebox.ts";
import { createToWritable } from "./writable-value.ts";

/** TypeBox: the builder of JSON types, `t.Object({ … })`, `t.Array(t.Number())`. */
export const t: typeof Type = Type;

/** What the builders of TypeBox give. */
export type TypeBoxSchema = { readonly "~kind": string } | { readonly "~unsafe": unknown };

/** Whether a value was made by a builder of TypeBox. */
export function isTypeBoxSchema(value: unknown): value is TypeBoxSchema {
  return (
    typeof value === "object" && value !== null && (Object.hasOwn(value, "~kind") || Object.hasOwn(value, "~unsafe"))
  );
}

/**
 * The IO type of a TypeBox schema: JSON that is checked as it is, without conversion, defaults or removal of fields.
 *
 * Over tensor protocols it is one string tensor with one element, which holds the JSON. Throws INVALID_ARGUMENT for schemas whose values have no JSON form.
 */
export function jsonType<S extends TypeBoxSchema>(schema: S): IoType<Static<S>> {
  if (hasCodec(schema)) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      "a codec can't be an IO type: take the JSON type here and convert it in the method",
    );
  }
  const json = toJsonSchema(schema);
  const compiled = compileType(schema);
  const checker: Checker = createChecker({
    schema: json,
    fits: (value) => compiled.Check(value),
    errors: (value) => compiled.Errors(value),
  });
  const toWritable = createToWritable(checker);
  return Object.freeze<IoType<Static<S>>>({
    spec: Object.freeze<JsonSpec>({ kind: "json", schema: json }),
    read: (payload) => checker.accept(readJsonPayload(payload)) as Static<S>,
    write: (value, as, options) => writeJsonPayload(toWritable(value, options.nan), as),
  });
}
