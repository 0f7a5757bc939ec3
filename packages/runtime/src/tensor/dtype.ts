/** Element types of tensors, by their ONNX names in lower case. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool"
  | "string";

interface NumericRow {
  /** Bytes of one element. */
  readonly bytes: 1 | 2 | 4 | 8;
  /** Name of the element type in the Open Inference Protocol V2. */
  readonly v2: string;
  readonly kind: "float" | "int" | "bigint" | "bool";
  readonly min?: number | bigint;
  readonly max?: number | bigint;
}

interface StringRow {
  readonly bytes: undefined;
  readonly v2: "BYTES";
  readonly kind: "string";
}

/** Every element type: its size, its V2 name, its kind and its range (integers: both ends belong to it). */
export const DTYPES = {
  float32: { bytes: 4, v2: "FP32", kind: "float" },
  float64: { bytes: 8, v2: "FP64", kind: "float" },
  float16: { bytes: 2, v2: "FP16", kind: "float" },
  bfloat16: { bytes: 2, v2: "BF16", kind: "float" },
  int8: { bytes: 1, v2: "INT8", kind: "int", min: -128, max: 127 },
  uint8: { bytes: 1, v2: "UINT8", kind: "int", min: 0, max: 255 },
  int16: { bytes: 2, v2: "INT16", kind: "int", min: -32768, max: 32767 },
  uint16: { bytes: 2, v2: "UINT16", kind: "int", min: 0, max: 65535 },
  int32: { bytes: 4, v2: "INT32", kind: "int", min: -2147483648, max: 2147483647 },
  uint32: { bytes: 4, v2: "UINT32", kind: "int", min: 0, max: 4294967295 },
  int64: { bytes: 8, v2: "INT64", kind: "bigint", min: -(2n ** 63n), max: 2n ** 63n - 1n },
  uint64: { bytes: 8, v2: "UINT64", kind: "bigint", min: 0n, max: 2n ** 64n - 1n },
  bool: { bytes: 1, v2: "BOOL", kind: "bool" },
  string: { bytes: undefined, v2: "BYTES", kind: "string" },
} as const satisfies Record<DType, NumericRow | StringRow>;

/** All element types, in table order. */
export const DTYPE_NAMES: readonly DType[] = Object.freeze(Object.keys(DTYPES).filter(isDType));

/** Whether a text names an element type. */
export function isDType(name: string): name is DType {
  return Object.hasOwn(DTYPES, name);
}

/**
 * The array that holds the elements of a tensor of each type.
 *
 * float16 and bfloat16 are the raw 16 bits of each element; bool is one byte, 0 or 1.
 */
export interface DataOf {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: string[];
}

/** The class of the array of each type. */
export const DATA_CLASSES = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  string: Array,
} as const satisfies { readonly [D in DType]: unknown };

/** Makes the array for `length` elements of each type; numbers start at 0, strings empty. */
export const CREATE_DATA: { readonly [D in DType]: (length: number) => DataOf[D] } = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  float16: (length) => new Uint16Array(length),
  bfloat16: (length) => new Uint16Array(length),
  int8: (length) => new Int8Array(length),
  uint8: (length) => new Uint8Array(length),
  int16: (length) => new Int16Array(length),
  uint16: (length) => new Uint16Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
  int64: (length) => new BigInt64Array(length),
  uint64: (length) => new BigUint64Array(length),
  bool: (length) => new Uint8Array(length),
  string: (length) => Array.from<string>({ length }).fill(""),
};
