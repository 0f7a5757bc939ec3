import { DTYPES } from "../../tensor/dtype.ts";
import { fromBytes } from "../../tensor/raw.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import type { TensorInfo } from "../types.ts";

/** Whether a model leaves the number of items open: a first axis of an input that has no size. */
export function takesBatches(inputs: readonly TensorInfo[]): boolean {
  return inputs.some(({ shape }) => isFree(shape[0]));
}

/**
 * Feeds of `batch` items in the shapes of `sample`: the first axes that the model leaves open, and those of the same name, have that size; undefined where they would be larger than 256 MB.
 *
 * Floats are noise between 0 and 1, always the same: equal rows would take equal ways through a tree. All else stays zero, since integers may be indices.
 */
export function feedsOfBatch(
  inputs: readonly TensorInfo[],
  sample: NamedTensors,
  batch: number,
): NamedTensors | undefined {
  const shapes = new Map(inputs.map((input) => [input.name, shapeOfBatch(inputs, input, { sample, batch })]));
  let bytes = 0;
  for (const { name, dtype } of inputs) bytes += elementCount(shapes.get(name) ?? []) * bytesOf(dtype);
  if (bytes > MAX_BYTES) return undefined;
  return Object.fromEntries(inputs.map(({ name, dtype }) => [name, noiseTensor(dtype, shapes.get(name) ?? [])]));
}

const MAX_BYTES = 256e6;

function shapeOfBatch(
  inputs: readonly TensorInfo[],
  input: TensorInfo,
  { sample, batch }: { readonly sample: NamedTensors; readonly batch: number },
): readonly number[] {
  const shape = sample[input.name]?.shape ?? [];
  return shape.map((size, axis) => {
    const declared = input.shape[axis];
    const isNamed = typeof declared === "string" && inputs.some((other) => other.shape[0] === declared);
    return isFree(declared) && (axis === 0 || isNamed) ? batch : size;
  });
}

function isFree(size: number | string | null | undefined): boolean {
  return size === null || typeof size === "string";
}

// The bytes of a text are its length and itself: four zeros are an empty one.
const EMPTY_TEXT_BYTES = 4;

function bytesOf(dtype: Tensor["dtype"]): number {
  return DTYPES[dtype].bytes ?? EMPTY_TEXT_BYTES;
}

function noiseTensor(dtype: Tensor["dtype"], shape: readonly number[]): Tensor {
  const tensor: Tensor = fromBytes(new Uint8Array(elementCount(shape) * bytesOf(dtype)), dtype, shape);
  if (tensor.dtype !== "float32" && tensor.dtype !== "float64") return tensor;
  let state = 1;
  for (let index = 0; index < tensor.data.length; index += 1) {
    // Source: Numerical Recipes, "Quick and Dirty" generators.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    tensor.data[index] = state / 2 ** 32;
  }
  return tensor;
}
