import { ServingError } from "../errors.ts";
import type { NestedOptions } from "./from-nested.ts";
import type { NonFinite } from "./elements.ts";
import { findNonFinite } from "./find-non-finite.ts";
import { bfloat16ToNumber, float16ToNumber } from "./float16.ts";
import { elementCount, formatShape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Nested lists as JSON has them; whole numbers past 2^53 are bigints, which `stringifyJson` writes as digits. */
export type Nested = null | boolean | number | bigint | string | readonly Nested[];

// A zero-size tensor such as [10⁹, 0] would become a list of 10⁹ empty lists.
const MAX_EMPTY_LISTS = 1_000_000;

/**
 * The elements of a tensor as nested lists, a scalar as a plain value.
 *
 * Throws INTERNAL that names the place of a non-finite number unless `nan` says what stands for it.
 */
export function toNested(tensor: Tensor, options: NestedOptions = {}): Nested {
  const { shape } = tensor;
  const count = tensor.data.length;
  if (count === 0 && elementCount(shape.filter((size) => size > 0)) > MAX_EMPTY_LISTS) {
    throw new ServingError(
      "INTERNAL",
      `output ${options.path ?? ""}: shape ${formatShape(shape)} has too many empty lists to be written`,
    );
  }
  const row = rowReader(tensor, options);
  return shape.length === 0 ? (row(0, 1)[0] ?? null) : splitRows(row, shape, 0, 0, count);
}

/** Gives the elements from `start` up to `end` as JSON can carry them. */
type RowReader = (start: number, end: number) => Nested[];

function splitRows(row: RowReader, shape: readonly number[], axis: number, start: number, end: number): Nested {
  if (axis === shape.length - 1) return row(start, end);
  const size = shape[axis] ?? 0;
  const step = size === 0 ? 0 : (end - start) / size;
  const rows: Nested[] = [];
  for (let index = 0; index < size; index++)
    rows.push(splitRows(row, shape, axis + 1, start + index * step, start + (index + 1) * step));
  return rows;
}

function rowReader(tensor: Tensor, options: NestedOptions): RowReader {
  switch (tensor.dtype) {
    case "string":
      return (start, end) => tensor.data.slice(start, end);
    case "bool":
      return readRows(tensor.data, (bit) => bit !== 0);
    case "float16":
      return readFloats(tensor, readRows(tensor.data, float16ToNumber), options);
    case "bfloat16":
      return readFloats(tensor, readRows(tensor.data, bfloat16ToNumber), options);
    case "float32":
    case "float64":
      return readFloats(tensor, readNumbers(tensor.data), options);
    case "int64":
    case "uint64":
      return readRows(tensor.data, toJsonInteger);
    default:
      return readNumbers(tensor.data);
  }
}

function readRows<T>(data: ArrayLike<T>, convert: (element: T) => Nested): RowReader {
  return (start, end) => {
    const row: Nested[] = [];
    for (let index = start; index < end; index++) {
      const element = data[index];
      if (element !== undefined) row.push(convert(element));
    }
    return row;
  };
}

/** A loop into a plain array: Array.from takes several times as long, and JSON.stringify writes a plain one three times as fast as the join of a typed array. */
function readNumbers(data: ArrayLike<number>): RowReader {
  return (start, end) => {
    const row: number[] = [];
    for (let index = start; index < end; index++) row.push(data[index] ?? 0);
    return row;
  };
}

/** Puts what stands for a non-finite number in its place; throws where nothing may. */
function readFloats(tensor: Tensor, read: RowReader, { path = "", nan = "error" }: NestedOptions): RowReader {
  const first = findNonFinite(tensor);
  if (first < 0) return read;
  if (nan === "error") {
    const place = placeOf(tensor.shape, first, path);
    throw new ServingError(
      "INTERNAL",
      `output ${place}: ${String(read(first, first + 1)[0])} can't be written as JSON; say what stands for it with nan: "null" or nan: "string"`,
    );
  }
  const standIn = (value: Nested): Nested =>
    typeof value !== "number" || Number.isFinite(value) ? value : (formatNonFinite(value, nan) ?? null);
  return (start, end) => read(start, end).map(standIn);
}

/** A whole number as JSON prints it exactly: a number where it is safe, else a bigint. */
export function toJsonInteger(value: bigint): number | bigint {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
}

/** What stands for a non-finite number in JSON, undefined when nothing may. */
export function formatNonFinite(value: number, nan: NonFinite): null | string | undefined {
  if (nan === "null") return null;
  return nan === "string" ? String(value) : undefined;
}

function placeOf(shape: readonly number[], index: number, path: string): string {
  let rest = index;
  const indices: number[] = [];
  for (const size of shape.toReversed()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return [path, ...indices].join("/");
}
