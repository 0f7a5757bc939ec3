import { parseLaxBoolean } from "./lax-boolean.ts";
import type { Fault, Outcome } from "../key-types.ts";
import { isPlainObject } from "../plain-object.ts";

/** What a Seldon deployment means for the path `/predict`: Seldon's, whatever the APIs are called. */
export function readOwnsPredict(): Outcome<unknown> {
  return { ok: true, value: "only" };
}

const LOG_LEVELS: Readonly<Record<string, string>> = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error" };

/** A log level by its Python name. */
export function readLogLevel(text: string): Outcome<unknown> {
  const level = Object.hasOwn(LOG_LEVELS, text.toUpperCase()) ? LOG_LEVELS[text.toUpperCase()] : undefined;
  if (level !== undefined) return { ok: true, value: level };
  return { ok: false, faults: [{ at: "", expected: `one of ${Object.keys(LOG_LEVELS).join(", ")}`, got: text }] };
}

type ReadValue = (text: string) => string | number | boolean | undefined;

/** Types of parameters: what a value is for people, and how its text is read. Source: Seldon v1, PREDICTIVE_UNIT_PARAMETERS. */
const PARAMETER_TYPES: Readonly<Record<string, { readonly expected: string; readonly read: ReadValue }>> = {
  INT: {
    expected: "a whole number",
    read: (text) => (/^\s*[+-]?\d{1,15}\s*$/.test(text) ? Number(text) : undefined),
  },
  FLOAT: { expected: "a number", read: readNumber },
  DOUBLE: { expected: "a number", read: readNumber },
  STRING: { expected: "a text", read: (text) => text },
  BOOL: { expected: "yes or no (y, true, t, on, 1, n, false, f, off, 0)", read: parseLaxBoolean },
};

/**
 * The text of PREDICTIVE_UNIT_PARAMETERS, `[{"name":"delta","value":"10","type":"FLOAT"}]`, as values by name.
 *
 * Faults name the parameter.
 */
export function readSeldonParameters(text: string): Outcome<unknown> {
  const list = parseList(text);
  if (list === undefined) return refuse([{ at: "", expected: `a list such as ${SAMPLE}`, got: text }]);
  const faults: Fault[] = [];
  const values = new Map<string, string | number | boolean>();
  for (const [index, item] of list.entries()) {
    const { name, value, type } = isPlainObject(item) ? item : {};
    const row = typeof type === "string" && Object.hasOwn(PARAMETER_TYPES, type) ? PARAMETER_TYPES[type] : undefined;
    if (typeof name !== "string" || name === "" || typeof value !== "string")
      faults.push({ at: `[${index}]`, expected: `a parameter such as ${SAMPLE.slice(1, -1)}`, got: item });
    else if (row === undefined)
      faults.push({ at: `.${name}`, expected: `a type of ${Object.keys(PARAMETER_TYPES).join(", ")}`, got: type });
    else if (values.has(name)) faults.push({ at: `.${name}`, expected: "one value", got: "two" });
    else {
      const read = row.read(value);
      if (read === undefined)
        faults.push({ at: `.${name}`, expected: `${row.expected} (${String(type)})`, got: value });
      else values.set(name, read);
    }
  }
  return faults.length > 0 ? refuse(faults) : { ok: true, value: Object.fromEntries(values) };
}

const SAMPLE = '[{"name":"delta","value":"10","type":"FLOAT"}]';

function readNumber(text: string): number | undefined {
  const number = Number(text);
  return /\S/.test(text) && Number.isFinite(number) ? number : undefined;
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    // The parser's own text says less than the sample of what is wanted.
    return undefined;
  }
}

function refuse(faults: readonly Fault[]): Outcome<unknown> {
  return { ok: false, faults };
}
