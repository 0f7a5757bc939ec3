import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Static } from "typebox";
import { describeValue } from "../describe-value.ts";
import { ServingError } from "../errors.ts";
import { isTypeBoxSchema, jsonType, type TypeBoxSchema } from "./json/json-type.ts";
import { isStandardSchema, standardType } from "./json/standard-type.ts";
import type { IoType } from "./types.ts";

/** What may stand as `input` or `output` of an API: an IO type, a TypeBox schema (`t`), or a Standard Schema that tells its JSON Schema, such as zod's. */
export type IoInput = IoType<unknown> | TypeBoxSchema | StandardSchemaV1;

/** The type of the values of an IO type, as an author's method takes or gives them. */
export type Infer<X> =
  X extends IoType<infer T>
    ? T
    : X extends StandardSchemaV1
      ? StandardSchemaV1.InferOutput<X>
      : X extends TypeBoxSchema
        ? Static<X>
        : never;

/**
 * Makes the IO type of what an author gave.
 *
 * A Standard Schema may have another JSON Schema as input than as output: `side` says which counts. Throws INVALID_ARGUMENT for values that are no type.
 */
export function toIoType(type: IoInput, side: "input" | "output" = "input"): IoType<unknown> {
  if (isIoType(type)) return type;
  if (isTypeBoxSchema(type)) return jsonType(type);
  if (isStandardSchema(type)) return standardType(type, side);
  throw new ServingError(
    "INVALID_ARGUMENT",
    `expected an IO type (t.…, dataFrame, tensor, image, file, text, bytes, multipart) or a Standard Schema, got ${describeValue(type)}`,
  );
}

function isIoType(value: unknown): value is IoType<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return (
    "spec" in value &&
    "read" in value &&
    typeof value.read === "function" &&
    "write" in value &&
    typeof value.write === "function"
  );
}
