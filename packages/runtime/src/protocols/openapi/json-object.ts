import type { JsonValue } from "../../io/types.ts";

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Tells a JSON object from lists, texts, numbers, booleans and null. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells a JSON list from everything else. */
export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The object with each of its values changed; its keys stay in their order. */
export function mapValues(object: JsonObject, change: (value: JsonValue, key: string) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
