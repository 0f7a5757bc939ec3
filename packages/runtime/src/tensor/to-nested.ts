import { ServingError } from "../errors.ts";
import type { NestedOptions } from "./from-nested.ts";
import type { NonFinite } from "./elements.ts";
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
  const path = options.path ?? "";
  const values = toPlain(tensor, options.nan ?? "error", (index) => placeOf(shape, index, path));
  if (shape.length === 0) return values[0] ?? null;
  if (values.length === 0 && elementCount(shape.filter((size) => size > 0)) > MAX_EMPTY_LISTS) {
    throw new ServingError(
      "INTERNAL",
      `output ${path}: shape ${formatShape(shape)} has too many empty lists to be written`,
    );
  }
  return splitRows(values, shape, 0, 0, values.length);
}

function splitRows(
  values: readonly Nested[],
  shape: readonly number[],
  axis: number,
  start: number,
  end: number,
): Nested {
  if (axis === shape.length - 1) return axis === 0 ? values : values.slice(start, end);
  const size = shape[axis] ?? 0;
  const step = size === 0 ? 0 : (end - start) / size;
  const rows: Nested[] = [];
  for (let index = 0; index < size; index++)
    rows.push(splitRows(values, shape, axis + 1, start + index * step, start + (index + 1) * step));
  return rows;
}

type Place = (index: number) => string;

/** The elements as one list of what JSON can carry. */
function toPlain(tensor: Tensor, nan: NonFinite, place: Place): readonly Nested[] {
  switch (tensor.dtype) {
    case "string":
      return tensor.data;
    case "bool":
      return Array.from(tensor.data, (bit) => bit !== 0);
    case "float16":
      return finiteOnly(Array.from(tensor.data, float16ToNumber), nan, place);
    case "bfloat16":
      return finiteOnly(Array.from(tensor.data, bfloat16ToNumber), nan, place);
    case "float32":
    case "float64":
      // A plain array on purpose: JSON.stringify writes fresh numbers of one three times as fast as the join of a typed array does.
      return finiteOnly(Array.from(tensor.data), nan, place);
    case "int64":
    case "uint64":
      return Array.from(tensor.data, toJsonInteger);
    default:
      return Array.from(tensor.data);
  }
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

function finiteOnly(values: readonly number[], nan: NonFinite, place: Place): readonly Nested[] {
  // x × 0 is 0 for a finite x and NaN for any other, and NaN stays in a sum.
  let sum = 0;
  for (const value of values) sum += value * 0;
  if (sum === 0) return values;
  return values.map((value, index) => {
    if (Number.isFinite(value)) return value;
    const text = formatNonFinite(value, nan);
    if (text !== undefined) return text;
    throw new ServingError(
      "INTERNAL",
      `output ${place(index)}: ${value} can't be written as JSON; say what stands for it with nan: "null" or nan: "string"`,
    );
  });
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
