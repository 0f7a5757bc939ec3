import { ServingError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";

/** The lists of a TensorProto that hold values, by field name: their numbers. */
export const VALUE_LISTS = {
  float_val: 5,
  double_val: 6,
  int_val: 7,
  string_val: 8,
  int64_val: 10,
  bool_val: 11,
  half_val: 13,
  uint32_val: 16,
  uint64_val: 17,
} as const;

/** Name of a list of values. */
export type ValueList = keyof typeof VALUE_LISTS;

interface TypeRow {
  /** Number in the enum `tensorflow.DataType`. */
  readonly code: number;
  readonly name: `DT_${string}`;
  readonly list: ValueList;
}

/** What TensorFlow calls each element type, and the list that holds its values. Source: tensorflow/core/framework/types.proto and tensor.proto. */
export const TF_TYPES = {
  float32: { code: 1, name: "DT_FLOAT", list: "float_val" },
  float64: { code: 2, name: "DT_DOUBLE", list: "double_val" },
  int32: { code: 3, name: "DT_INT32", list: "int_val" },
  uint8: { code: 4, name: "DT_UINT8", list: "int_val" },
  int16: { code: 5, name: "DT_INT16", list: "int_val" },
  int8: { code: 6, name: "DT_INT8", list: "int_val" },
  string: { code: 7, name: "DT_STRING", list: "string_val" },
  int64: { code: 9, name: "DT_INT64", list: "int64_val" },
  bool: { code: 10, name: "DT_BOOL", list: "bool_val" },
  bfloat16: { code: 14, name: "DT_BFLOAT16", list: "half_val" },
  uint16: { code: 17, name: "DT_UINT16", list: "int_val" },
  float16: { code: 19, name: "DT_HALF", list: "half_val" },
  uint32: { code: 22, name: "DT_UINT32", list: "uint32_val" },
  uint64: { code: 23, name: "DT_UINT64", list: "uint64_val" },
} as const satisfies Record<DType, TypeRow>;

const DTYPES = Object.keys(TF_TYPES) as readonly DType[];
const BY_CODE: ReadonlyMap<unknown, DType> = new Map(DTYPES.map((dtype) => [TF_TYPES[dtype].code, dtype]));
const BY_NAME: ReadonlyMap<unknown, DType> = new Map(DTYPES.map((dtype) => [TF_TYPES[dtype].name, dtype]));

/** The element type with this number or name. Throws INVALID_ARGUMENT for one that tensors here can't have, complex numbers for example. */
export function dtypeOf(codeOrName: unknown): DType {
  const dtype = BY_CODE.get(codeOrName) ?? BY_NAME.get(codeOrName);
  if (dtype !== undefined) return dtype;
  const known = DTYPES.map((name) => `${TF_TYPES[name].name} (${TF_TYPES[name].code})`).join(", ");
  const got =
    typeof codeOrName === "number" || typeof codeOrName === "string" ? JSON.stringify(codeOrName).slice(0, 40) : "none";
  throw new ServingError("INVALID_ARGUMENT", `expected a dtype of ${known}, got ${got}`);
}
