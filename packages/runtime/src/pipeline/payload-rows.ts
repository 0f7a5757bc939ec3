import type { IoSpec, Payload } from "../io/types.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Rows of an input that was not read yet, by its outer shape alone: what it costs to look does not grow with it. What is no list of rows, or can't be told without reading it, such
 * as CSV, is one row.
 */
export function payloadRows(payload: Payload, spec: IoSpec): number {
  switch (payload.kind) {
    case "tensors":
      return ROWED.has(spec.kind) ? most(Object.values(payload.tensors).map(tensorRows)) : 1;
    case "parts":
      return 1;
    case "json":
      return spec.kind === "dataFrame" ? frameRows(payload.value, spec.key) : jsonRows(payload.value, spec.kind);
  }
}

/** A shape of no elements may tell any number of rows, which cost nothing. */
function tensorRows({ shape, data }: Tensor): number {
  return Math.min(shape[0] ?? 1, data.length);
}

const ROWED: ReadonlySet<IoSpec["kind"]> = new Set(["dataFrame", "tensor", "tensors"]);

function jsonRows(value: unknown, kind: IoSpec["kind"]): number {
  if (kind === "tensors") return most(Object.values(Object(value)).map(lengthOf));
  return kind === "tensor" || kind === "json" || kind === "list" ? most([lengthOf(value)]) : 1;
}

/** A list of records, alone or under the frame's key; `{columns, data}`; or one list for each column. */
function frameRows(value: unknown, key: string): number {
  const frame: unknown = Array.isArray(value) ? value : Reflect.get(Object(value), key);
  if (Array.isArray(frame)) return most([frame.length]);
  const data: unknown = Reflect.get(Object(frame), "data");
  return most([lengthOf(data) ?? lengthOf(Object.values(Object(frame))[0])]);
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function most(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((sum, count) => Math.max(sum, count ?? 1), 1);
}
