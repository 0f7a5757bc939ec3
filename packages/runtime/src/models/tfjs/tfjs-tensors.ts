import { ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { CARRIED } from "./servable.ts";
import type { Tfjs, TfjsTensorHandle } from "./tfjs-library.ts";

/**
 * A tensor of the library; it may share memory with the one that is given.
 *
 * Throws INVALID_ARGUMENT for an int64 that int32, in which the library computes, has no room for.
 */
export function toTfjs(tf: Tfjs, name: string, tensor: Tensor): TfjsTensorHandle {
  return tf.tensor(valuesOf(name, tensor), tensor.shape, CARRIED[tensor.dtype] ?? tensor.dtype);
}

function valuesOf(name: string, tensor: Tensor): unknown {
  if (tensor.dtype === "int64") return toInt32(name, tensor.data);
  if (tensor.dtype === "int8" || tensor.dtype === "uint8") return Int32Array.from(tensor.data);
  return tensor.data;
}

const INT32_MAX = 2n ** 31n - 1n;

function toInt32(name: string, values: BigInt64Array): Int32Array {
  const index = values.findIndex((value) => value > INT32_MAX || value < -INT32_MAX - 1n);
  if (index >= 0) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `input "${name}": element ${index}: expected a number of 32 bits, in which TensorFlow.js computes int64, got ${values[index]}`,
    );
  }
  return Int32Array.from(values, Number);
}

/**
 * A tensor with a copy of the elements of one of the library's, as `dtype`.
 *
 * Throws an Error when the library has another type there, as of a signature that tells it wrong, or numbers that `dtype` has no room for.
 */
export function fromTfjs(handle: TfjsTensorHandle, dtype: DType): Tensor {
  if (handle.dtype !== CARRIED[dtype]) throw new Error(`expected ${dtype}, got ${handle.dtype} of TensorFlow.js`);
  const shape = [...handle.shape];
  const values = handle.dataSync();
  const tensor = toTensor(dtype, shape, values);
  if (tensor === undefined || tensor.data.length !== elementCount(shape))
    throw new Error(`expected ${dtype}, got other values of TensorFlow.js`);
  return tensor;
}

/** Always a copy: what the library gives may be its own weights, or the caller's feed. */
function toTensor(dtype: DType, shape: readonly number[], values: unknown): Tensor | undefined {
  if (dtype === "string" && Array.isArray(values)) return { dtype, shape, data: values.map(String) };
  if (dtype === "float32" && values instanceof Float32Array) return { dtype, shape, data: values.slice() };
  if (dtype === "bool" && values instanceof Uint8Array) return { dtype, shape, data: values.slice() };
  // The native library gives exact ones where an operation has int64 of its own, and calls them int32.
  if (dtype === "int64" && values instanceof BigInt64Array) return { dtype, shape, data: values.slice() };
  if (!(values instanceof Int32Array)) return undefined;
  if (dtype === "int32") return { dtype, shape, data: values.slice() };
  if (dtype === "int64") return { dtype, shape, data: BigInt64Array.from(values, BigInt) };
  if (dtype === "int8") return { dtype, shape, data: fitting(Int8Array.from(values), values) };
  if (dtype === "uint8") return { dtype, shape, data: fitting(Uint8Array.from(values), values) };
  return undefined;
}

function fitting<A extends Int8Array | Uint8Array>(narrow: A, values: Int32Array): A {
  const index = values.findIndex((value, at) => value !== narrow[at]);
  if (index >= 0) throw new Error(`element ${index}: ${values[index]} has no room in ${narrow.constructor.name}`);
  return narrow;
}
