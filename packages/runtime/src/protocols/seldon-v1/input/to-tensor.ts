import { invalidInput, type ServingError } from "../../../errors.ts";
import type { NanPolicy } from "../../../io/types.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { findNonFinite } from "../../../tensor/find-non-finite.ts";
import { plainValues } from "../../../tensor/plain-values.ts";
import { fromNested } from "../../../tensor/from-nested.ts";
import { fitsShape, formatShape } from "../../../tensor/shape.ts";
import type { Tensor, TensorAmong } from "../../../tensor/tensor.ts";
import type { ArrayData } from "../types.ts";
import { castValues } from "./cast-values.ts";

/** A tensor as an API declares it. */
export interface WantedTensor {
  readonly dtype: DType;
  readonly shape: readonly (number | null)[];
}

/** Where a message stands, as JSON Pointer ("" for the whole body), and what becomes of numbers that are not finite. */
export interface Place {
  readonly path: string;
  readonly nan: NanPolicy;
}

/**
 * The tensor that an array stands for in the wanted element type: whole numbers as such, also where the wire has doubles only.
 *
 * Throws INVALID_ARGUMENT with the place of a value that does not fit, or for another shape.
 */
export function toTensor(data: ArrayData, { dtype, shape }: WantedTensor, { path, nan }: Place): Tensor {
  if (data.kind === "ndarray") return fromNested(data.values, dtype, shape, { path: `${path}/data/ndarray`, nan });
  const given = data.kind === "tensor" ? data.shape : data.tensor.shape;
  if (!fitsShape(given, shape)) {
    const place = data.kind === "tensor" ? "/data/tensor/shape" : "/data/tftensor/tensorShape";
    throw fault(path + place, `expected shape ${formatShape(shape)}, got ${formatShape(given)}`);
  }
  return cast(data, dtype, { path, nan });
}

/** The same whatever its shape; an array of nested lists has to be a regular one, whose shape is given. */
export function cast<D extends DType>(
  data: Exclude<ArrayData, { kind: "ndarray" }>,
  dtype: D,
  { path, nan }: Place,
): TensorAmong<D> {
  if (data.kind === "tensor") {
    const values = castValues(data.values, dtype, { path: `${path}/data/tensor/values`, nan });
    return { dtype, shape: data.shape, data: values } as TensorAmong<D>;
  }
  const { tensor } = data;
  if (tensor.dtype === dtype) {
    assertFinite(tensor, { path: `${path}/data/tftensor`, nan });
    return tensor as TensorAmong<D>;
  }
  const values = castValues(plainValues(tensor), dtype, { path: `${path}/data/tftensor`, nan });
  return { dtype, shape: tensor.shape, data: values } as TensorAmong<D>;
}

function assertFinite(tensor: Tensor, { path, nan }: Place): void {
  const at = nan === "error" ? findNonFinite(tensor) : -1;
  if (at >= 0) throw fault(path, `expected finite numbers, element ${at} is none`);
}

function fault(path: string, message: string): ServingError {
  return invalidInput([{ path, message }]);
}
