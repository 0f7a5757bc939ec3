import { ServingError } from "../errors.ts";
import { describeValue } from "../describe-value.ts";
import type { MultipartField } from "./multipart-payload.ts";
import { createMultipartType } from "./multipart-type.ts";
import { type Infer, type IoInput, toIoType } from "./to-io-type.ts";
import type { IoType } from "./types.ts";

/** A field that callers may leave out. */
export interface OptionalField<X extends IoInput> {
  readonly type: X;
  readonly required: false;
}

/** What may stand as a field: a type that must come, or an optional one. */
export type FormField = IoInput | OptionalField<IoInput>;

type OptionalNames<F> = { [K in keyof F]: F[K] extends OptionalField<IoInput> ? K : never }[keyof F];

/** The values of a form's fields by name. */
export type FormValue<F> = {
  [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]>;
} & {
  [K in OptionalNames<F>]?: F[K] extends OptionalField<infer X> ? Infer<X> : never;
} extends infer Value
  ? { [K in keyof Value]: Value[K] }
  : never;

/** Marks a field of `multipart` that callers may leave out. */
export function optional<X extends IoInput>(type: X): OptionalField<X> {
  return Object.freeze({ type, required: false });
}

/**
 * Several fields, each of its own type: the parts of a `multipart/form-data` body, the members of a JSON object, or named tensors.
 *
 * A part of a JSON type holds JSON, and plain text where the type is a string; a data frame may come as CSV. Reading throws INVALID_ARGUMENT with the place for
 * fields that are missing, unknown or come twice. It is answered as a JSON object. Throws INVALID_ARGUMENT for fields that can't be used.
 */
export function multipart<const F extends Readonly<Record<string, FormField>>>(fields: F): IoType<FormValue<F>> {
  const names = typeof fields === "object" && fields !== null ? Object.keys(fields) : [];
  if (names.length === 0)
    throw new ServingError("INVALID_ARGUMENT", `multipart: expected fields by name, got ${describeValue(fields)}`);
  return createMultipartType(new Map(names.map((name) => [name, resolveField(name, fields[name])])));
}

function resolveField(name: string, field: FormField | undefined): MultipartField {
  if (name === "" || name === "__proto__" || name === "constructor") {
    throw new ServingError("INVALID_ARGUMENT", `multipart: a field can't be named "${name}"`);
  }
  const required = !isOptional(field);
  const type = toField(name, required ? field : field.type);
  if (type.spec.kind === "multipart")
    throw new ServingError("INVALID_ARGUMENT", `multipart: field "${name}": a form can't stand inside a form`);
  return { type, required };
}

function isOptional(field: FormField | undefined): field is OptionalField<IoInput> {
  return (
    typeof field === "object" && field !== null && "required" in field && field.required === false && "type" in field
  );
}

function toField(name: string, type: IoInput | undefined): IoType<unknown> {
  try {
    if (type !== undefined) return toIoType(type);
    throw new ServingError("INVALID_ARGUMENT", "expected an IO type, got undefined");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServingError("INVALID_ARGUMENT", `multipart: field "${name}": ${reason}`, { cause });
  }
}
