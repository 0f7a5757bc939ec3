import type { JsonSchema, NanPolicy } from "./types.ts";

/** Digits of a whole number as text, the exact form for readers that count in doubles. */
const DIGITS: JsonSchema = { type: "string", pattern: "^-?\\d{1,20}$" };

/** The schema of a float, with what stands for non-finite numbers under the policy. */
export function floatSchema(number: JsonSchema, nan: NanPolicy): JsonSchema {
  if (nan === "error") return number;
  return { anyOf: [number, nan === "null" ? { type: "null" } : { enum: ["NaN", "Infinity", "-Infinity"] }] };
}

/** The schema of a 64-bit whole number: written as plain digits, read from digits as text as well. */
export function bigIntegerSchema(integer: JsonSchema, direction: "input" | "output"): JsonSchema {
  return direction === "input" ? { anyOf: [integer, DIGITS] } : integer;
}
