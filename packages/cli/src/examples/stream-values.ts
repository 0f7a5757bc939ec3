import { failed } from "../command-error.ts";
import { parseExactJson } from "./parse-exact-json.ts";

/** The values of a stream in NDJSON, as the native protocol writes it. Throws CommandError for a stream that ended with an error. */
export function valuesOfStream(text: string): readonly unknown[] {
  const values = text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseExactJson);
  const last = values.at(-1);
  // An API may itself give values with a member "error"; problem details have a code.
  if (typeof last === "object" && last !== null && "error" in last && isProblem(last.error)) {
    throw failed(`the stream ended with an error after ${values.length - 1} values: ${last.error.detail}`);
  }
  return values;
}

function isProblem(value: unknown): value is { readonly code: unknown; readonly detail: unknown } {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "requestId" in value;
}
