import type { DType } from "../../tensor/dtype.ts";

interface ElementType {
  readonly name: string;
  /** Absent for element types that no tensor of ours can hold. */
  readonly dtype?: DType;
}

const served = (dtype: DType): ElementType => ({ name: dtype, dtype });
const foreign = (name: string): ElementType => ({ name });

// Source: onnx.proto, TensorProto.DataType, as of onnx 1.23 (IR version 14).
const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: served("float32"),
  2: served("uint8"),
  3: served("int8"),
  4: served("uint16"),
  5: served("int16"),
  6: served("int32"),
  7: served("int64"),
  8: served("string"),
  9: served("bool"),
  10: served("float16"),
  11: served("float64"),
  12: served("uint32"),
  13: served("uint64"),
  14: foreign("complex64"),
  15: foreign("complex128"),
  16: served("bfloat16"),
  17: foreign("float8e4m3fn"),
  18: foreign("float8e4m3fnuz"),
  19: foreign("float8e5m2"),
  20: foreign("float8e5m2fnuz"),
  21: foreign("uint4"),
  22: foreign("int4"),
  23: foreign("float4e2m1"),
  24: foreign("float8e8m0"),
  25: foreign("uint2"),
  26: foreign("int2"),
  27: foreign("float6e2m3"),
  28: foreign("float6e3m2"),
};

/** The element type behind a `TensorProto.DataType` number; numbers newer than this table are named by number. */
export function elementTypeOf(dataType: number): ElementType {
  return ELEMENT_TYPES[dataType] ?? foreign(`element type ${dataType}`);
}
