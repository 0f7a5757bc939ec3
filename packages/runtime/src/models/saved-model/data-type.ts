import type { DType } from "../../tensor/dtype.ts";

/**
 * TensorFlow's numbers of the element types that tensors here have.
 *
 * Source: tensorflow/core/framework/types.proto.
 */
export const DATA_TYPES = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int16: 5,
  int8: 6,
  string: 7,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  float16: 19,
  uint32: 22,
  uint64: 23,
} as const satisfies Readonly<Record<DType, number>>;
