import type { Fault, KeyType, Outcome } from "./key-types.ts";
import { isPlainObject } from "./plain-object.ts";

/** A list of values of one type; in a variable it is given as JSON. */
export function listOf<T>(
  type: KeyType<T>,
  form: { readonly label: string; readonly sample: string; readonly isNonEmpty?: boolean },
): KeyType<readonly T[]> {
  const label = `a list of ${form.label}`;
  return {
    label,
    schema: { type: "array", items: type.schema },
    fromText: jsonText(label, form.sample),
    read: (value) => {
      if (!Array.isArray(value)) return { ok: false, faults: [{ at: "", expected: label, got: value }] };
      if (form.isNonEmpty === true && value.length === 0)
        return { ok: false, faults: [{ at: "", expected: `${label}, at least one`, got: value }] };
      return collect(
        value.map((item: unknown, index) => ({ at: `[${index}]`, value: item })),
        type,
        (items) => Object.freeze(items),
      );
    },
    mergesEntries: false,
  };
}

/** Values of one type by name; in a variable they are given as JSON. Layers add to each other name by name. */
export function mapOf<T>(
  type: KeyType<T>,
  form: {
    readonly label: string;
    readonly names: { readonly pattern: string; readonly label: string };
    readonly sample: string;
  },
): KeyType<Readonly<Record<string, T>>> {
  const label = `a mapping of ${form.label}`;
  const names = new RegExp(form.names.pattern);
  return {
    label,
    schema: { type: "object", propertyNames: { pattern: form.names.pattern }, additionalProperties: type.schema },
    fromText: jsonText(label, form.sample),
    read: (value) => {
      if (!isPlainObject(value)) return { ok: false, faults: [{ at: "", expected: label, got: value }] };
      const entries = Object.entries(value);
      const badNames = entries.filter(([name]) => name === "__proto__" || !names.test(name));
      if (badNames.length > 0)
        return { ok: false, faults: badNames.map(([name]) => ({ at: "", expected: form.names.label, got: name })) };
      return collect(
        entries.map(([name, item]) => ({ at: `.${name}`, value: item })),
        type,
        (items) => Object.freeze(Object.fromEntries(items.map((item, index) => [entries[index]?.[0], item]))),
      );
    },
    mergesEntries: true,
  };
}

/** A text, a finite number, true or false. */
export function scalar(): KeyType<string | number | boolean> {
  return {
    label: "a text, a number, true or false",
    schema: { type: ["string", "number", "boolean"] },
    fromText: (text) => ({ ok: true, value: text }),
    read: (value) => {
      if (typeof value === "string" || typeof value === "boolean") return { ok: true, value };
      if (typeof value === "number" && Number.isFinite(value)) return { ok: true, value };
      return { ok: false, faults: [{ at: "", expected: "a text, a number, true or false", got: value }] };
    },
    mergesEntries: false,
  };
}

interface Place {
  readonly at: string;
  readonly value: unknown;
}

function collect<I, T>(places: readonly Place[], type: KeyType<I>, build: (items: I[]) => T): Outcome<T> {
  const items: I[] = [];
  const faults: Fault[] = [];
  for (const place of places) {
    const outcome = type.read(place.value);
    if (outcome.ok) items.push(outcome.value);
    else faults.push(...outcome.faults.map((fault) => ({ ...fault, at: place.at + fault.at })));
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: build(items) };
}

/** How the JSON text of a variable is read. */
export function jsonText(label: string, sample: string): (text: string) => Outcome<unknown> {
  return (text) => {
    try {
      return { ok: true, value: JSON.parse(text) };
    } catch {
      // The parser's own message quotes the text, which may be one that is never shown.
      return { ok: false, faults: [{ at: "", expected: `${label} as JSON, such as ${sample}`, got: text }] };
    }
  };
}
