import { ServingError } from "../errors.ts";
import { CREATE_DATA, type DataOf, type DType } from "./dtype.ts";
import { formatShape } from "./shape.ts";
import type { Tensor, TensorAmong, TensorOf } from "./tensor.ts";

/**
 * Joins tensors along their first axis: [n₁, …rest], [n₂, …rest] become [n₁ + n₂, …rest].
 *
 * Copies once; a single tensor is given back as it is. Throws INVALID_ARGUMENT for no tensor, a scalar, and where element types or the rest of the shapes differ.
 */
export function joinRows<T extends Tensor>(tensors: readonly T[]): TensorAmong<T["dtype"]>;
export function joinRows(tensors: readonly TensorOf<DType>[]): TensorOf<DType> {
  const [first] = tensors;
  if (first === undefined)
    throw new ServingError("INVALID_ARGUMENT", "joinRows: expected at least one tensor, got none");
  const rest = first.shape.slice(1);
  let rows = 0;
  for (const { dtype, shape } of tensors) {
    const isAlike =
      dtype === first.dtype && shape.length === first.shape.length && rest.every((n, i) => n === shape[i + 1]);
    if (!isAlike || shape.length === 0) throw notAlike(first, { dtype, shape });
    rows += shape[0] ?? 0;
  }
  if (tensors.length === 1) return first;
  const data = CREATE_DATA[first.dtype](rows * product(rest));
  let offset = 0;
  for (const part of tensors) {
    copyInto(data, part.data, offset);
    offset += part.data.length;
  }
  return { dtype: first.dtype, shape: [rows, ...rest], data };
}

/**
 * Splits a tensor along its first axis into parts of `rowCounts` rows, in order.
 *
 * The parts are views of the tensor's memory, but for texts, of which a part has a list of its own. Throws INTERNAL when the rows are not as many as the counts' sum.
 */
export function splitRows<D extends DType>(tensor: TensorOf<D>, rowCounts: readonly number[]): TensorOf<D>[] {
  const { dtype, shape, data } = tensor;
  const [rows, ...rest] = shape;
  const wanted = rowCounts.reduce((sum, count) => sum + count, 0);
  if (rows === undefined || rows !== wanted) {
    throw new ServingError(
      "INTERNAL",
      `splitRows: expected a tensor of ${wanted} rows, as many as the inputs have, got shape ${formatShape(shape)}`,
    );
  }
  const size = product(rest);
  let at = 0;
  return rowCounts.map((count) => {
    const part = slice(data, at * size, (at + count) * size);
    at += count;
    return { dtype, shape: [count, ...rest], data: part };
  });
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

/** Copies bytes, whatever they mean; texts one by one. */
function copyInto(target: DataOf[DType], part: DataOf[DType], offset: number): void {
  if (Array.isArray(target) || Array.isArray(part)) {
    for (let index = 0; index < part.length; index += 1) target[offset + index] = part[index] ?? "";
    return;
  }
  const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes, offset * target.BYTES_PER_ELEMENT);
}

function slice<D extends DType>(data: DataOf[D], start: number, end: number): DataOf[D] {
  const elements: DataOf[DType] = data;
  // The part is of the class of the whole.
  return (Array.isArray(elements) ? elements.slice(start, end) : elements.subarray(start, end)) as DataOf[D];
}

type Alike = Pick<TensorOf<DType>, "dtype" | "shape">;

function notAlike(first: Alike, other: Alike): ServingError {
  const [expected, got] = [first, other].map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`);
  return new ServingError(
    "INVALID_ARGUMENT",
    first.shape.length === 0
      ? "joinRows: a scalar has no rows"
      : `joinRows: expected tensors that differ in their first size alone: ${expected} and ${got}`,
  );
}
