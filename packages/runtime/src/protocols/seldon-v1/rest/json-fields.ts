import { describeValue, quote } from "../../../describe-value.ts";
import { invalidInput, type ServingError } from "../../../errors.ts";
import { childPath } from "../../../problem-list.ts";

/** Members of a JSON object by name. One that is null counts as left out, as in protobuf's JSON. */
export interface JsonFields {
  readonly path: string;
  get(name: string): unknown;
}

/** How unknown members are taken: passed over, or refused as a strict protobuf parser does. */
export type Strictness = "lax" | "strict";

/** The members of an object. Throws INVALID_ARGUMENT for anything else, and for a member that is not among `known` where that counts. */
export function fieldsAt(
  value: unknown,
  path: string,
  { known, strictness }: { readonly known: readonly string[]; readonly strictness: Strictness },
): JsonFields {
  const object = objectAt(value, path);
  if (strictness === "strict") {
    const stranger = Object.keys(object).find((name) => !known.includes(name));
    if (stranger !== undefined)
      throw fault(path, `unknown field ${quote(stranger)}, expected one of ${known.join(", ")}`);
  }
  return {
    path,
    get: (name) => (Object.hasOwn(object, name) && object[name] !== null ? object[name] : undefined),
  };
}

/** An object's own members. Throws INVALID_ARGUMENT for what is none. */
export function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fault(path, `expected an object, got ${describeValue(value)}`);
}

/** Each member of an object that maps names to values of one kind; an empty one where it was left out. */
export function mapAt<T>(
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => T,
): Readonly<Record<string, T>> {
  if (value === undefined) return {};
  const entries = Object.entries(objectAt(value, path));
  return Object.fromEntries(entries.map(([name, item]) => [name, read(item, childPath(path, name))]));
}

/** A list; an empty one where it was left out. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw fault(path, `expected a list, got ${describeValue(value)}`);
}

/** A text, "" where it was left out. */
export function textAt(value: unknown, path: string): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  throw fault(path, `expected a text, got ${describeValue(value)}`);
}

/** A finite number, 0 where it was left out. */
export function numberAt(value: unknown, path: string): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw fault(path, `expected a number, got ${describeValue(value)}`);
}

/** A whole number of 32 bits. */
export function int32At(value: unknown, path: string): number {
  if (typeof value === "number" && (value | 0) === value) return value;
  throw fault(path, `expected a whole number, got ${describeValue(value)}`);
}

export function fault(path: string, message: string): ServingError {
  return invalidInput([{ path, message }]);
}
