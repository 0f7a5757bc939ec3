import type { IoSpec } from "../io/types.ts";

/**
 * Rows of an input that was read: of a data frame its rows, of tensors the longest first axis, of a list or array its members; anything else is one.
 *
 * What it is says its type, not its value: a caller can make an object look like a frame.
 */
export function rowsOf(value: unknown, { kind }: IoSpec): number {
  switch (kind) {
    case "dataFrame":
      return numberAt(value, "rows");
    case "tensor":
      return firstAxis(value);
    case "tensors":
      return Math.max(1, ...Object.values(Object(value)).map(firstAxis));
    case "json":
    case "list":
      return Array.isArray(value) ? Math.max(1, value.length) : 1;
    default:
      return 1;
  }
}

function firstAxis(tensor: unknown): number {
  const shape: unknown = Reflect.get(Object(tensor), "shape");
  return Array.isArray(shape) ? numberAt(shape, 0) : 1;
}

function numberAt(value: unknown, name: string | number): number {
  const rows: unknown = Reflect.get(Object(value), name);
  return typeof rows === "number" ? Math.max(1, rows) : 1;
}
