import type { IoSpec } from "../../../io/types.ts";
import { namedOutputs, onlyOutput } from "./named-outputs.ts";

/**
 * The predictions of a result: one for each of `rows` instances; `rows` is undefined where a body that was no JSON does not tell it.
 *
 * A list of that length is the predictions, of several named outputs the predictions are objects; any other result is the one prediction.
 */
export function toPredictions(spec: IoSpec, value: unknown, rows: number | undefined): readonly unknown[] {
  const named = namedOutputs(spec, value);
  if (named === undefined) return rowsOf(onlyOutput(spec, value), rows);
  const [only, ...others] = named.values();
  if (others.length === 0) return rowsOf(only, rows);
  const count = rows ?? (Array.isArray(only) ? only.length : 0);
  const lists = [...named].filter(([, list]) => isListOf(list, count));
  if (lists.length < named.size) return [Object.fromEntries(named)];
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries([...named].map(([name, list]) => [name, Array.isArray(list) ? list[row] : null])),
  );
}

/** The outputs of a result in columns: by name, the bare value where there is one. */
export function toOutputs(spec: IoSpec, value: unknown): unknown {
  const named = namedOutputs(spec, value);
  if (named === undefined) return onlyOutput(spec, value);
  const [only, ...others] = named.values();
  return others.length === 0 ? only : Object.fromEntries(named);
}

function rowsOf(value: unknown, rows: number | undefined): readonly unknown[] {
  return Array.isArray(value) && isListOf(value, rows) ? value : [value];
}

function isListOf(value: unknown, length: number | undefined): boolean {
  return Array.isArray(value) && (length === undefined || value.length === length);
}
