import type { JsonSchema, JsonValue } from "../io/types.ts";
import { DURATION_FORM, parseDuration, parseSize, SIZE_FORM } from "./quantities.ts";

/** What values of a key look like: how they are read, described and published. */
export interface KeyType<T> {
  /** Completes "expected …": what a good value is. */
  readonly label: string;
  readonly schema: JsonSchema;
  /** What the text of a variable or flag stands for, to be given to `read`. */
  readonly fromText: (text: string) => Outcome<unknown>;
  /** The resolved value: durations in milliseconds, sizes in bytes. */
  readonly read: (value: unknown) => Outcome<T>;
  /** Whether layers add to each other entry by entry instead of replacing the whole value. */
  readonly mergesEntries: boolean;
}

/** A value that was read, or everything that is wrong with it. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly Fault[] };

/** What is wrong with a value, by what was expected and came or in words of its own; `at` is the place inside it: "", ".name" or "[2]". */
export type Fault = { readonly at: string } & (
  { readonly expected: string; readonly got: unknown } | { readonly message: string }
);

/** A whole number, bounds included. */
export function integer(range: { readonly min: number; readonly max: number }): KeyType<number> {
  const { min, max } = range;
  return scalar({
    label: `an integer from ${min} to ${max}`,
    schema: { type: "integer", minimum: min, maximum: max },
    fromText: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
    read: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  });
}

/** `true` or `false`; no other word stands for them. */
export function boolean(): KeyType<boolean> {
  return scalar({
    label: "true or false",
    schema: { type: "boolean" },
    fromText: (text) => (text === "true" ? true : text === "false" ? false : text),
    read: (value) => (typeof value === "boolean" ? value : undefined),
  });
}

/** One of a closed list of words. */
export function oneOf<const V extends string>(values: readonly V[]): KeyType<V> {
  return scalar({
    label: `one of ${values.join(", ")}`,
    schema: { enum: [...values] },
    fromText: (text) => text,
    read: (value) => values.find((known) => known === value),
  });
}

/** A duration in `500ms`, `10s`, `5m`, `1h`; resolved to milliseconds. */
export function duration(range: { readonly min: string; readonly max: string }): KeyType<number> {
  return quantity(range, { noun: "a duration", parse: parseDuration, ...DURATION_FORM });
}

/** A size in `100kB`, `16MiB`, `1GiB`; resolved to bytes. */
export function size(range: { readonly min: string; readonly max: string }): KeyType<number> {
  return quantity(range, { noun: "a size", parse: parseSize, ...SIZE_FORM });
}

/** A text that `accepts` takes; none holds control characters, which have no business in a host, path or name. */
export function text(form: {
  readonly label: string;
  readonly pattern?: string;
  readonly accepts?: (value: string) => boolean;
}): KeyType<string> {
  const pattern = form.pattern ?? "^[^\\u0000-\\u001f\\u007f]{1,4096}$";
  const matches = new RegExp(pattern, "u");
  return scalar({
    label: form.label,
    schema: { type: "string", pattern },
    fromText: (given) => given,
    read: (value) =>
      typeof value === "string" && matches.test(value) && (form.accepts?.(value) ?? true) ? value : undefined,
  });
}

/** `auto`, or a value of the other type. */
export function orAuto<T>(type: KeyType<T>): KeyType<T | "auto"> {
  return withWord(type, { word: "auto", value: "auto", schema: { const: "auto" } });
}

/** `only`, or a value of the other type. */
export function orOnly<T>(type: KeyType<T>): KeyType<T | "only"> {
  return withWord(type, { word: "only", value: "only", schema: { const: "only" } });
}

/** `off` (or YAML's null), resolved to null, or a value of the other type. */
export function orOff<T>(type: KeyType<T>): KeyType<T | null> {
  return withWord(type, { word: "off", value: null, schema: { enum: ["off", null] } });
}

/** Null where nothing is given, or a value of the other type. */
export function orNull<T>(type: KeyType<T>): KeyType<T | null> {
  return {
    ...type,
    schema: { anyOf: [{ type: "null" }, type.schema] },
    read: (value) => (value === null ? { ok: true, value: null } : type.read(value)),
  };
}

function withWord<T, const W extends JsonValue>(
  type: KeyType<T>,
  row: { readonly word: string; readonly value: W; readonly schema: JsonSchema },
): KeyType<T | W> {
  const label = `${row.word}, or ${type.label}`;
  return {
    ...type,
    label,
    schema: { anyOf: [row.schema, type.schema] },
    // A variable holds objects and lists as JSON, and a word is none.
    fromText: (given) => (given === row.word ? { ok: true, value: given } : type.fromText(given)),
    read: (value) => {
      if (value === row.word || value === row.value) return { ok: true, value: row.value };
      const outcome = type.read(value);
      return outcome.ok
        ? outcome
        : {
            ok: false,
            faults: outcome.faults.map((fault) =>
              "message" in fault || fault.at !== ""
                ? fault
                : { ...fault, expected: `${row.word}, or ${fault.expected}` },
            ),
          };
    },
  };
}

interface QuantityRow {
  readonly noun: string;
  readonly pattern: string;
  readonly units: readonly string[];
  readonly parse: (text: string) => number | undefined;
}

function quantity(range: { readonly min: string; readonly max: string }, row: QuantityRow): KeyType<number> {
  const [min = 0, max = 0] = [row.parse(range.min), row.parse(range.max)];
  const label = `${row.noun} from ${range.min} to ${range.max}`;
  const withUnit = `${label} with its unit (${row.units.join(", ")})`;
  const fault = (got: unknown, expected: string): Outcome<number> => ({
    ok: false,
    faults: [{ at: "", expected, got }],
  });
  return {
    label,
    schema: { type: "string", pattern: row.pattern },
    fromText: (given) => ({ ok: true, value: given }),
    read: (value) => {
      if (typeof value === "number" || (typeof value === "string" && /^-?[\d.]+$/.test(value)))
        return fault(value, `${withUnit}; a bare number has none`);
      const parsed = typeof value === "string" ? row.parse(value) : undefined;
      if (parsed === undefined) return fault(value, withUnit);
      return parsed >= min && parsed <= max ? { ok: true, value: parsed } : fault(value, label);
    },
    mergesEntries: false,
  };
}

interface ScalarRow<T> {
  readonly label: string;
  readonly schema: JsonSchema;
  readonly fromText: (text: string) => unknown;
  readonly read: (value: unknown) => T | undefined;
}

function scalar<T>(row: ScalarRow<T>): KeyType<T> {
  return {
    label: row.label,
    schema: row.schema,
    fromText: (given) => ({ ok: true, value: row.fromText(given) }),
    read: (value) => {
      const result = row.read(value);
      return result === undefined
        ? { ok: false, faults: [{ at: "", expected: row.label, got: value }] }
        : { ok: true, value: result };
    },
    mergesEntries: false,
  };
}
