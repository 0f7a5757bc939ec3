import { describeValue, quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { DATA_CLASSES, type DType, DTYPE_NAMES, isDType } from "../../tensor/dtype.ts";
import { findNonFinite } from "../../tensor/find-non-finite.ts";
import { elementCount, fitsShape, formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { NanPolicy } from "../types.ts";

/** A tensor as an author declares it: element type and sizes, `null` where a size is free. */
export interface TensorDeclaration {
  readonly dtype: DType;
  readonly shape: readonly (number | null)[];
}

/** A frozen copy of a declaration. Throws INVALID_ARGUMENT when the element type is unknown or a size is none. */
export function freezeDeclaration(place: string, declared: TensorDeclaration): TensorDeclaration {
  const { dtype, shape } = declared;
  if (typeof dtype !== "string" || !isDType(dtype)) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${place}: expected an element type of ${DTYPE_NAMES.join(", ")}, got ${describeValue(dtype)}`,
    );
  }
  if (!Array.isArray(shape))
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${place}: expected a shape such as [null, 4], got ${describeValue(shape)}`,
    );
  const wrong: unknown = shape.find(
    (size: unknown) => size !== null && !(Number.isSafeInteger(size) && Number(size) >= 0),
  );
  if (wrong !== undefined)
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${place}: expected sizes ≥ 0, null where free, got ${describeValue(wrong)}`,
    );
  return Object.freeze({ dtype, shape: Object.freeze([...shape]) });
}

/** What is wrong with a caller's tensor where another was declared, undefined when it fits. A non-finite number is wrong under the policy "error", as in JSON. */
export function tensorFault(tensor: Tensor, declared: TensorDeclaration, nan: NanPolicy): string | undefined {
  if (tensor.dtype !== declared.dtype || !fitsShape(tensor.shape, declared.shape))
    return `expected ${formatTensor(declared)}, got ${formatTensor(tensor)}`;
  const at = nan === "error" ? findNonFinite(tensor) : -1;
  return at < 0 ? undefined : `expected finite numbers, element ${at} is none`;
}

/** What is wrong with a value that an author gave as a tensor, undefined when it is one and fits. */
export function valueFault(value: unknown, declared: TensorDeclaration): string | undefined {
  if (!isTensor(value))
    return `expected a tensor { dtype, shape, data } of ${formatTensor(declared)}, got ${describeValue(value)}`;
  // Binary outputs carry non-finite numbers; JSON has its policy where it is written.
  const fault = tensorFault(value, declared, "null");
  if (fault !== undefined) return fault;
  const count = elementCount(value.shape);
  return value.data.length === count
    ? undefined
    : `expected ${count} elements for shape ${formatShape(value.shape)}, got ${value.data.length}`;
}

/** `float32 [-1,4]`. */
export function formatTensor({ dtype, shape }: TensorDeclaration): string {
  return `${dtype} ${formatShape(shape)}`;
}

/** Names in quotes, for messages. */
export function quoteNames(names: readonly string[]): string {
  return names.map(quote).join(", ");
}

/** Whether a value has the parts of a tensor, its data in the array that its element type asks for. */
function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null || !("dtype" in value && "shape" in value && "data" in value))
    return false;
  const { dtype, shape, data } = value;
  if (typeof dtype !== "string" || !isDType(dtype) || !Array.isArray(shape)) return false;
  // By class name where it is not by class: a typed array of another realm (a test runner's, a worker's) is one as well.
  const dataClass = DATA_CLASSES[dtype];
  if (!(data instanceof dataClass) && Object.prototype.toString.call(data) !== `[object ${dataClass.name}]`)
    return false;
  return dtype !== "string" || (Array.isArray(data) && data.every((item) => typeof item === "string"));
}
