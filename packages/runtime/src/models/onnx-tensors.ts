import type { OnnxValue, Tensor as OnnxTensor } from "onnxruntime-node";
import { ServingError } from "../errors.ts";
import type { DataOf, DType } from "../tensor/dtype.ts";
import { createTensor, type Tensor } from "../tensor/tensor.ts";

/**
 * A tensor as the binding takes it; the data is shared, not copied.
 *
 * Throws INVALID_ARGUMENT for a text with a NUL character, at which the binding would cut it.
 */
export function toOnnxValue(name: string, tensor: Tensor): OnnxValue {
  if (tensor.dtype === "string") assertNoNul(name, tensor.data);
  // The binding reads these four fields only. Its own constructor refuses float16 in a Uint16Array once the platform has Float16Array.
  const value: Pick<OnnxTensor, "type" | "data" | "dims" | "location"> = {
    type: tensor.dtype as OnnxTensor.Type,
    data: tensor.data,
    dims: tensor.shape,
    location: "cpu",
  };
  return value as OnnxTensor;
}

/** A tensor that the binding returned; it owns memory that nobody else has, so it is taken over without a copy. */
export function fromOnnxValue(value: OnnxTensor): Tensor {
  const dtype = value.type as DType;
  const { data } = value;
  // Where the platform has Float16Array the binding returns one: the same 16 bits are wanted.
  const bits = dtype === "float16" ? new Uint16Array(bufferOf(data), offsetOf(data), data.length) : data;
  return createTensor(dtype, [...value.dims], bits as DataOf[DType]) as Tensor;
}

function bufferOf(data: OnnxTensor["data"]): ArrayBufferLike {
  return ArrayBuffer.isView(data) ? data.buffer : new ArrayBuffer(0);
}

function offsetOf(data: OnnxTensor["data"]): number {
  return ArrayBuffer.isView(data) ? data.byteOffset : 0;
}

function assertNoNul(name: string, texts: readonly string[]): void {
  const index = texts.findIndex((text) => text.includes("\0"));
  if (index < 0) return;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `input "${name}": element ${index} holds a NUL character (U+0000), at which ONNX Runtime would cut the text`,
  );
}
