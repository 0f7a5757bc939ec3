import { didYouMean } from "../did-you-mean.ts";
import type { Fault, KeyType, Outcome } from "./key-types.ts";
import { isPlainObject } from "./plain-object.ts";
import { jsonText } from "./key-types-collections.ts";

type Fields = Readonly<Record<string, KeyType<unknown>>>;
type ValueOf<T> = T extends KeyType<infer V> ? V : never;
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** What an object of these fields holds. */
export type ObjectValue<R extends Fields, O extends Fields> = Flat<
  { readonly [K in keyof R]: ValueOf<R[K]> } & { readonly [K in keyof O]?: ValueOf<O[K]> }
>;

/** An object of fields, some of which must be there; a field that is not known is a fault, one that is not given is left out. In a variable it is given as JSON. */
export function objectOf<const R extends Fields, const O extends Fields>(form: {
  readonly label: string;
  readonly required: R;
  readonly optional: O;
  readonly sample: string;
}): KeyType<ObjectValue<R, O>> {
  const { label, required, optional } = form;
  const fields: Fields = { ...optional, ...required };
  return {
    label,
    schema: {
      type: "object",
      additionalProperties: false,
      required: Object.keys(required),
      properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
    },
    fromText: jsonText(label, form.sample),
    read: (value) => {
      if (!isPlainObject(value)) return { ok: false, faults: [{ at: "", expected: label, got: value }] };
      const missing = Object.keys(required).filter((name) => value[name] === undefined);
      const faults: Fault[] = missing.map((name) => fault(name, `${fields[name]?.label}`, undefined));
      const read: Record<string, unknown> = {};
      for (const [name, given] of Object.entries(value)) {
        const outcome = readField(fields, name, given);
        if (!outcome.ok) faults.push(...outcome.faults.map((inner) => ({ ...inner, at: `.${name}${inner.at}` })));
        else if (given !== undefined) read[name] = outcome.value;
      }
      // Each field was read by its own type: together they are the object that the fields describe.
      return faults.length > 0 ? { ok: false, faults } : { ok: true, value: Object.freeze(read) as ObjectValue<R, O> };
    },
    mergesEntries: false,
  };
}

function readField(fields: Fields, name: string, value: unknown): Outcome<unknown> {
  const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (type !== undefined) return value === undefined ? { ok: true, value } : type.read(value);
  const known = Object.keys(fields);
  const expected = `no such key${didYouMean(name, known)} there are ${known.join(", ")}`;
  return { ok: false, faults: [{ at: "", expected, got: value }] };
}

function fault(name: string, expected: string, got: unknown): Fault {
  return { at: `.${name}`, expected, got };
}
