import { ServingError } from "../../errors.ts";

/** How messages call a file of this format. */
export const TFJS_FORMAT = "TF.js model";

/** An object of JSON whose fields are yet to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The field of an object when it is an object as well. */
export function objectAt(value: JsonObject, key: string): JsonObject | undefined {
  const found = value[key];
  return isObject(found) ? found : undefined;
}

/** The field of an object when it is a list. */
export function listAt(value: JsonObject, key: string): readonly unknown[] | undefined {
  const found = value[key];
  return Array.isArray(found) ? found : undefined;
}

/** The field of an object when it is a text, else an empty one. */
export function textAt(value: JsonObject, key: string): string {
  const found = value[key];
  return typeof found === "string" ? found : "";
}

/** The error of a file that is no TF.js model; `fault` says what was expected and what came. */
export function notReadable(fault: string, cause?: unknown): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `not a readable ${TFJS_FORMAT}: ${fault}`,
    cause === undefined ? {} : { cause },
  );
}

/** A text of the file as it may stand in a message: short, and without control characters. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
