import type { IoSpec } from "./types.ts";

// The third argument of a reviver is part of JavaScript since ES2026; V8 has it from Node 21 on.
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
type ParseWithSource = (text: string, reviver: Reviver) => unknown;

interface RawJson {
  rawJSON(text: string): unknown;
}

/** A number token of 16 digits or more without fraction and exponent: 2^53 has 16. Also found inside strings, which costs time only. */
const LONG_INTEGER = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/;

/**
 * `JSON.parse` that keeps every digit: integers past ±2^53 become bigints. Throws SyntaxError as `JSON.parse` does.
 *
 * Costs one scan more while the text holds no such integer, and about nine times as much when it does.
 */
export function parseJsonExact(text: string): unknown {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text);
  try {
    return (JSON.parse as ParseWithSource)(text, keepDigits);
  } catch (cause) {
    // The engine revives recursively and parses without recursion: whoever limits the nesting gets to see the value.
    if (cause instanceof RangeError) return JSON.parse(text);
    throw cause;
  }
}

/** Digits past which a whole number is Infinity; reading a megabyte of them as a bigint would take the loop half a second. */
const MAX_DIGITS = 309;

function keepDigits(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return source.length <= MAX_DIGITS + 1 && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** `JSON.stringify` that writes bigints as plain digits; undefined becomes `null`. Non-finite numbers must be gone already: they would become `null`. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (cause) {
    // The engine throws TypeError at a bigint. A replacer for every value would cost all the results that hold none.
    if (cause instanceof TypeError) return JSON.stringify(value, writeDigits);
    throw cause;
  }
}

function writeDigits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? (JSON as unknown as RawJson).rawJSON(String(value)) : value;
}

/** Whether a body for this type must be read with `parseJsonExact`: somewhere in it stands an int64 or uint64. */
export function needsExactIntegers(spec: IoSpec): boolean {
  switch (spec.kind) {
    case "tensor":
      return isBigInteger(spec.dtype);
    case "tensors":
      return Object.values(spec.tensors).some(({ dtype }) => isBigInteger(dtype));
    case "dataFrame":
      return Object.values(spec.columns).some(({ type }) => isBigInteger(type));
    case "multipart":
      return Object.values(spec.fields).some((field) => needsExactIntegers(field.spec));
    case "list":
      return needsExactIntegers(spec.items);
    default:
      return false;
  }
}

function isBigInteger(dtype: string): boolean {
  return dtype === "int64" || dtype === "uint64";
}
