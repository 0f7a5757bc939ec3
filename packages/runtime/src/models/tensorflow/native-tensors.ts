import type { DType } from "../../tensor/dtype.ts";
import { fromBytes, toBytes } from "../../tensor/raw.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { TensorFlowC } from "./c-api.ts";
import { DATA_TYPES } from "../saved-model/index.ts";
import { readStrings, STRING_BYTES, writeStrings } from "./native-strings.ts";

/** A TF_Tensor with a copy of a tensor's elements; who makes it deletes it. */
export function toNative(tf: TensorFlowC, tensor: Tensor): number {
  const type = DATA_TYPES[tensor.dtype];
  const dims = BigInt64Array.from(tensor.shape, BigInt);
  if (tensor.dtype === "string") {
    const address = writeStrings(tf, tensor.data);
    return tf.NewTensor(type, dims, dims.length, address, tensor.data.length * STRING_BYTES, tf.free, 0);
  }
  const bytes = toBytes(tensor);
  // Memory of the library's own is aligned as its kernels want it; they would copy that of an ArrayBuffer, which seldom is.
  const native =
    bytes.byteLength < PAGES_FROM_BYTES
      ? tf.AllocateTensor(type, dims, dims.length, bytes.byteLength)
      : tf.NewTensor(type, dims, dims.length, takePages(tf, bytes.byteLength), bytes.byteLength, tf.munmap, 0);
  tf.write(tf.TensorData(native), bytes, bytes.byteLength);
  return native;
}

/**
 * Larger feeds get pages of their own, which the system has back after the run. What the library allocates is aligned, and glibc before 2.38
 * seldom finds an aligned block again: feeds of 256 KiB took 0.5 GB within 4,000 runs. Source: glibc bug 14581.
 */
const PAGES_FROM_BYTES = 128 * 1024;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;

function takePages(tf: TensorFlowC, byteLength: number): number {
  const address = tf.mmap(0, byteLength, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (typeof address === "bigint") throw new Error(`there is no memory for a feed of ${byteLength} bytes`);
  return address;
}

/**
 * A tensor with a copy of a TF_Tensor's elements, which must be of `dtype`.
 *
 * Throws an Error for another type, as of a signature that tells it wrong, and for a text that is not UTF-8.
 */
export function fromNative(tf: TensorFlowC, native: number, dtype: DType): Tensor {
  const type = tf.TensorType(native);
  if (type !== DATA_TYPES[dtype]) throw new Error(`expected ${dtype}, got TensorFlow's data type ${type}`);
  const shape = Array.from({ length: tf.NumDims(native) }, (_, axis) => tf.Dim(native, axis));
  const data = tf.TensorData(native);
  if (dtype === "string") return { dtype, shape, data: readStrings(tf, data, elementCount(shape)) };
  const bytes = new Uint8Array(tf.TensorByteSize(native));
  tf.read(bytes, data, bytes.length);
  return fromBytes(bytes, dtype, shape);
}
