import { invalidInput } from "../../../errors.ts";
import type { TensorSpec } from "../../../io/types.ts";
import { DTYPES } from "../../../tensor/dtype.ts";
import { fromBytes } from "../../../tensor/raw.ts";
import { formatShape } from "../../../tensor/shape.ts";
import { createTensor, type Tensor } from "../../../tensor/tensor.ts";
import { NumberList } from "./number-list.ts";
import type { Values } from "./read-message.ts";

/** Sizes that a shape may have; the tensors of numerical libraries have 64 at the most. */
const MAX_AXES = 64;

/**
 * The tensor of a message with `shape` and `data`. Its elements are a view of the message's bytes; they are copied only where they start at a place that their type can't.
 *
 * A shape that did not come is the declared one, where the data tells the one size that may be free. Throws INVALID_ARGUMENT when data and shape don't fit.
 */
export function toTensor(values: Values, declared: Pick<TensorSpec, "dtype" | "shape">): Tensor {
  const { dtype } = declared;
  const data = values.get("data");
  const sizes = sizesOf(values);
  if (dtype === "string") {
    const texts = Array.isArray(data) ? (data as string[]) : [];
    return createTensor("string", sizes ?? shapeFor(declared, texts.length), texts);
  }
  const bytes = data instanceof Uint8Array ? data : new Uint8Array();
  return fromBytes(bytes, dtype, sizes ?? shapeFor(declared, bytes.byteLength / DTYPES[dtype].bytes));
}

function sizesOf(values: Values): readonly number[] | undefined {
  const shape = values.get("shape");
  if (!(shape instanceof NumberList)) return undefined;
  const sizes = Array.from(shape.view(), Number);
  if (sizes.length <= MAX_AXES) return sizes.length === 0 ? undefined : sizes;
  throw invalidInput([{ path: "/shape", message: `expected at most ${MAX_AXES} sizes, got ${sizes.length}` }]);
}

/** The declared shape for so many elements. */
function shapeFor({ shape }: Pick<TensorSpec, "shape">, count: number): readonly number[] {
  const free = shape.filter((size) => size === null).length;
  if (free > 1) {
    const message = `is required: ${formatShape(shape)} has ${free} free sizes`;
    throw invalidInput([{ path: "/shape", message }]);
  }
  const rest = shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  // What does not come out even is refused by the count of its elements.
  return shape.map((size) => size ?? (rest === 0 ? 0 : Math.floor(count / rest)));
}
