import { type DType, DTYPE_NAMES } from "../../tensor/dtype.ts";

/**
 * TensorFlow's numbers of the element types that tensors here have.
 *
 * Source: tensorflow/core/framework/types.proto of 2.15.
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

const FOREIGN: Readonly<Record<number, string>> = {
  8: "complex64",
  11: "qint8",
  12: "quint8",
  13: "qint32",
  15: "qint16",
  16: "quint16",
  18: "complex128",
  20: "resource",
  21: "variant",
  24: "float8e5m2",
  25: "float8e4m3fn",
  29: "int4",
  30: "uint4",
};

const DTYPE_OF: ReadonlyMap<number, DType> = new Map(DTYPE_NAMES.map((dtype) => [DATA_TYPES[dtype], dtype]));

// TensorFlow 1 marks the value of a variable so; what comes out of a run is of the plain type.
const REFERENCE = 100;

/** The element type behind a number of `DataType`; without `dtype` where no tensor of ours can hold it. */
export function dataTypeOf(number: number): { readonly type: string; readonly dtype?: DType } {
  const plain = number > REFERENCE ? number - REFERENCE : number;
  const dtype = DTYPE_OF.get(plain);
  return dtype === undefined ? { type: FOREIGN[plain] ?? `data type ${number}` } : { type: dtype, dtype };
}

const NUMBERS: Readonly<Record<string, number>> = {
  DT_FLOAT: 1,
  DT_DOUBLE: 2,
  DT_INT32: 3,
  DT_UINT8: 4,
  DT_INT16: 5,
  DT_INT8: 6,
  DT_STRING: 7,
  DT_COMPLEX64: 8,
  DT_INT64: 9,
  DT_BOOL: 10,
  DT_BFLOAT16: 14,
  DT_UINT16: 17,
  DT_HALF: 19,
  DT_RESOURCE: 20,
  DT_VARIANT: 21,
  DT_UINT32: 22,
  DT_UINT64: 23,
};

/** The same by the name that it has in JSON, `DT_FLOAT`, or by its number, which JSON may have as well. */
export function dataTypeNamed(name: unknown): { readonly type: string; readonly dtype?: DType } {
  if (typeof name === "number") return dataTypeOf(name);
  const number = typeof name === "string" && Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  return number === undefined ? { type: typeof name === "string" ? name : "of no type" } : dataTypeOf(number);
}
