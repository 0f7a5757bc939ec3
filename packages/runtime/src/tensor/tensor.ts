import { ServingError } from "../errors.ts";
import type { DataOf, DType } from "./dtype.ts";
import { elementCount, formatShape } from "./shape.ts";

/**
 * Named values in row-major order: `data.length` is the product of `shape`; a scalar has shape `[]`.
 *
 * A tensor owns its data; who passes it on does not write to it any more.
 */
export interface TensorOf<D extends DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: DataOf[D];
}

/** A tensor of any element type; comparing `dtype` narrows `data`. */
export type Tensor = { [D in DType]: TensorOf<D> }[DType];

/** A tensor of one of the element types `D`; for a single one the same as `TensorOf`. */
export type TensorAmong<D extends DType> = D extends DType ? TensorOf<D> : never;

/** Tensors by name, in the order in which a model or a caller lists them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/**
 * Joins data and shape into a tensor.
 *
 * Throws INVALID_ARGUMENT when the number of elements is not the product of the shape.
 */
export function createTensor<D extends DType>(dtype: D, shape: readonly number[], data: DataOf[D]): TensorOf<D> {
  const expected = elementCount(shape);
  if (data.length !== expected) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected ${expected} elements for shape ${formatShape(shape)}, got ${data.length}`,
    );
  }
  return { dtype, shape, data };
}
