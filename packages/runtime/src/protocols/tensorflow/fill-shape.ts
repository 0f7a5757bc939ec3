import { ServingError } from "../../errors.ts";
import { CREATE_DATA, type DataOf, type DType, DTYPES } from "../../tensor/dtype.ts";
import { elementCount, formatShape } from "../../tensor/shape.ts";
import type { TensorAmong, TensorOf } from "../../tensor/tensor.ts";
import { TF_TYPES } from "./data-types.ts";

/** How many bytes the tensors of one message may grow to by repeating values: twenty bytes on the wire could ask for any number. */
export interface RepeatBudget {
  leftBytes: number;
  /** Option that sets it: `server.limits.grpc`. */
  readonly limitName: string;
}

/** The shape that a message names. Throws INVALID_ARGUMENT for sizes below 0 (-1 stands in metadata only), more than can be counted, or more dimensions than TensorFlow has. */
export function shapeOf(sizes: readonly (number | bigint)[], isRankUnknown: boolean): readonly number[] {
  if (isRankUnknown)
    throw new ServingError("INVALID_ARGUMENT", "expected a tensor with a shape, got one of unknown rank");
  if (sizes.length > MAX_RANK)
    throw new ServingError("INVALID_ARGUMENT", `expected at most ${MAX_RANK} dimensions, got ${sizes.length}`);
  const shape = sizes.map(Number);
  elementCount(shape);
  return shape;
}

/** TensorShape::MaxDimensions() of TensorFlow. */
const MAX_RANK = 254;

/**
 * The tensor whose first elements are `data`; the last of them stands for those that are missing.
 *
 * Throws INVALID_ARGUMENT when there are more values than elements, or none for at least one element; PAYLOAD_TOO_LARGE when the budget is used up.
 */
export function fillShape<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data: DataOf[D],
  budget: RepeatBudget,
): TensorAmong<D> {
  const count = elementCount(shape);
  const { length } = data;
  if (length > count || (length === 0 && count > 0)) throw wrongCount(dtype, shape, length);
  const tensor: TensorOf<D> = { dtype, shape, data: length === count ? data : repeatLast(dtype, data, count, budget) };
  return tensor as TensorAmong<D>;
}

/** The fault of a list that does not fit its shape; `got` is the number of values, or what is known of it. */
export function wrongCount(dtype: DType, shape: readonly number[], got: number | string): ServingError {
  const { name, list } = TF_TYPES[dtype];
  const count = elementCount(shape);
  const expected = count > 1 ? `1 to ${count} values` : count === 1 ? "1 value" : "no values";
  return new ServingError(
    "INVALID_ARGUMENT",
    `expected ${expected} in ${list} for ${name} of shape ${formatShape(shape)}, got ${got}`,
  );
}

/** Memory of one reference to a text. */
const REFERENCE_BYTES = 8;

function repeatLast<D extends DType>(dtype: D, data: DataOf[D], count: number, budget: RepeatBudget): DataOf[D] {
  const bytes = count * (DTYPES[dtype].bytes ?? REFERENCE_BYTES);
  if (bytes > budget.leftBytes) {
    throw new ServingError(
      "PAYLOAD_TOO_LARGE",
      `a list of ${data.length} values that stands for ${count} would take ${bytes} bytes, more than ${budget.limitName} leaves`,
    );
  }
  budget.leftBytes -= bytes;
  const whole: Fillable = CREATE_DATA[dtype](count);
  for (let index = 0; index < data.length; index += 1) whole[index] = data[index];
  whole.fill(data[data.length - 1], data.length);
  return whole as DataOf[D];
}

/** What typed arrays and lists share; the values come from an array of the same type. */
interface Fillable {
  [index: number]: unknown;
  fill(value: unknown, start: number): unknown;
}
