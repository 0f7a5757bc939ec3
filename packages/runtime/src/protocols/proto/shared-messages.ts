import type { DType } from "../../tensor/dtype.ts";
import type { ColumnType } from "../../io/types.ts";
import type { FieldShape, MessageShape, Scalar } from "./types.ts";

const PLAIN = { isRepeated: false, isJson: false, absence: "empty", hasPresence: false, comment: "" } as const;

/** A field of a message that is the same in every service. */
function field(key: string, type: Scalar, more: Partial<FieldShape> = {}): FieldShape {
  return { ...PLAIN, key, type, ...more };
}

function shared(name: string, comment: string, fields: readonly FieldShape[]): MessageShape {
  return { place: "file", name, isListOnly: false, fields, comment };
}

const SHAPE = field("shape", "int64", {
  isRepeated: true,
  comment: "Sizes; may be left out of a request where at most one of them is free.",
});

function numbers(name: string, what: string): MessageShape {
  return shared(name, `A tensor of ${what}.`, [
    SHAPE,
    field("data", "bytes", { comment: "The elements, little-endian, row by row, without padding." }),
  ]);
}

/** The message of a tensor, by its element type. */
export const TENSOR_MESSAGES = {
  float32: numbers("Float32Tensor", "32-bit floats"),
  float64: numbers("Float64Tensor", "64-bit floats"),
  float16: numbers("Float16Tensor", "16-bit floats (IEEE 754)"),
  bfloat16: numbers("Bfloat16Tensor", "16-bit floats (the upper half of 32-bit ones)"),
  int8: numbers("Int8Tensor", "8-bit integers"),
  uint8: numbers("Uint8Tensor", "8-bit unsigned integers"),
  int16: numbers("Int16Tensor", "16-bit integers"),
  uint16: numbers("Uint16Tensor", "16-bit unsigned integers"),
  int32: numbers("Int32Tensor", "32-bit integers"),
  uint32: numbers("Uint32Tensor", "32-bit unsigned integers"),
  int64: numbers("Int64Tensor", "64-bit integers"),
  uint64: numbers("Uint64Tensor", "64-bit unsigned integers"),
  bool: numbers("BoolTensor", "booleans, a byte each: 0 or 1"),
  string: shared("StringTensor", "A tensor of texts.", [SHAPE, field("data", "string", { isRepeated: true })]),
} as const satisfies Record<DType, MessageShape>;

/** The scalar type of a data frame's columns. */
export const COLUMN_SCALARS = {
  float64: "double",
  float32: "float",
  int32: "int32",
  int64: "int64",
  bool: "bool",
  string: "string",
} as const satisfies Record<ColumnType, Scalar>;

function nullable(name: string, type: ColumnType): MessageShape {
  return shared(name, "A column whose cells may be empty.", [
    field("values", COLUMN_SCALARS[type], {
      isRepeated: true,
      comment: "One for each row; any where the cell is empty.",
    }),
    field("nulls", "bool", { isRepeated: true, comment: "Whether each cell is empty; may be left out where none is." }),
  ]);
}

/** The message of a column whose cells may be null. */
export const NULLABLE_COLUMN_MESSAGES = {
  float64: nullable("NullableDoubles", "float64"),
  float32: nullable("NullableFloats", "float32"),
  int32: nullable("NullableInt32s", "int32"),
  int64: nullable("NullableInt64s", "int64"),
  bool: nullable("NullableBools", "bool"),
  string: nullable("NullableStrings", "string"),
} as const satisfies Record<ColumnType, MessageShape>;

/** A file with what is known of it. */
export const FILE_MESSAGE: MessageShape = shared("File", "A file.", [
  field("data", "bytes"),
  field("media_type", "string", { comment: "As in Content-Type; application/octet-stream when it is left out." }),
  field("name", "string", { comment: "Without folders; may be left out." }),
]);

/** Names of the messages that may stand at the top of any service's file. */
export const SHARED_NAMES: readonly string[] = [
  ...Object.values(TENSOR_MESSAGES),
  ...Object.values(NULLABLE_COLUMN_MESSAGES),
  FILE_MESSAGE,
].map(({ name }) => name ?? "");
