import { isUtf8 } from "node:buffer";
import { ServingError } from "../../errors.ts";
import { type DataOf, type DType, DTYPES } from "../../tensor/dtype.ts";
import { malformed, type ProtoReader, WIRE } from "../wire/proto-reader.ts";
import type { ProtoWriter } from "../wire/proto-writer.ts";

/** How the values of one element type stand in their list. */
export interface ListRow<D extends DType> {
  /** Wire type of a value that stands by itself, outside of a packed list. */
  readonly wire: number;
  /** Fewest bytes that a value takes: bounds how many there can be. */
  readonly minBytes: number;
  /** Takes the next value. Throws INVALID_ARGUMENT for one that is none of the element type. */
  take(reader: ProtoReader, data: DataOf[D], index: number): void;
  /** Takes a whole packed list and gives the number of its values; undefined when there are more than the data has places for. */
  takeAll?(list: ProtoReader, data: DataOf[D], index: number): number | undefined;
  /** Writes the list, at least one value of it. */
  write(writer: ProtoWriter, field: number, data: DataOf[D]): void;
}

/** The list of each element type. Source: tensorflow/core/framework/tensor.proto. */
export const LIST_ROWS: { readonly [D in DType]: ListRow<D> } = {
  float32: floats(4),
  float64: floats(8),
  int32: integers("int32"),
  uint8: integers("uint8"),
  int16: integers("int16"),
  int8: integers("int8"),
  uint16: integers("uint16"),
  uint32: integers("uint32"),
  // Bits, in a list of int32.
  float16: integers("uint16"),
  bfloat16: integers("uint16"),
  int64: words(),
  uint64: words(),
  bool: {
    wire: WIRE.varint,
    minBytes: 1,
    take: (reader, data, index) => void (data[index] = reader.varint() === 0 ? 0 : 1),
    // One byte each, as in memory.
    write: (writer, field, data) => writer.delimited(field, data),
  },
  string: {
    wire: WIRE.delimited,
    minBytes: 1,
    take: (reader, data, index) => void (data[index] = toText(reader.view(), index)),
    write: (writer, field, data) => {
      for (let index = data.length - 1; index >= 0; index -= 1) writer.text(field, data[index] ?? "");
    },
  },
};

/** The text of one value of `string_val`, whole: a byte order mark is part of it. Throws INVALID_ARGUMENT for bytes that are not UTF-8. */
export function toText(bytes: Uint8Array, index: number): string {
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  throw new ServingError(
    "INVALID_ARGUMENT",
    `expected UTF-8 text in string_val, value ${index} is none: send other bytes as base64, or as DT_UINT8`,
  );
}

/** Floats stand in their list as they do in memory. */
function floats(size: 4 | 8): ListRow<"float32"> & ListRow<"float64"> {
  const copy = (reader: ProtoReader, start: number, data: Float32Array | Float64Array, index: number): void => {
    const bytes = reader.bytes.subarray(start, reader.at);
    new Uint8Array(data.buffer, data.byteOffset + index * size, bytes.length).set(bytes);
  };
  return {
    wire: size === 4 ? WIRE.fixed32 : WIRE.fixed64,
    minBytes: size,
    take(reader, data, index) {
      reader.advance(size);
      copy(reader, reader.at - size, data, index);
    },
    takeAll(list, data, index) {
      const start = list.at;
      const count = (list.end - start) / size;
      if (!Number.isInteger(count)) throw malformed(`a packed list is no multiple of ${size} bytes`, start);
      if (count > data.length - index) return undefined;
      list.advance(list.end - start);
      copy(list, start, data, index);
      return count;
    },
    write: (writer, field, { buffer, byteOffset, byteLength }) =>
      writer.delimited(field, new Uint8Array(buffer, byteOffset, byteLength)),
  };
}

interface Numbers {
  [index: number]: number;
  readonly length: number;
}

/** Whole numbers of at most 32 bits. */
function integers(dtype: "int32" | "uint32" | "int16" | "int8" | "uint16" | "uint8"): {
  readonly wire: number;
  readonly minBytes: 1;
  take(reader: ProtoReader, data: Numbers, index: number): void;
  write(writer: ProtoWriter, field: number, data: Numbers): void;
} {
  const { min, max } = DTYPES[dtype];
  return {
    wire: WIRE.varint,
    minBytes: 1,
    take(reader, data, index) {
      const value = reader.signedVarint();
      if (!(value >= min && value <= max))
        throw new ServingError(
          "INVALID_ARGUMENT",
          `expected values from ${min} to ${max}, got ${value} as value ${index}`,
        );
      data[index] = value;
    },
    write: (writer, field, data) => writer.packedVarints(field, data),
  };
}

/** Whole numbers of 64 bits, as halves of 32: they cost no bigint each. */
function words(): ListRow<"int64"> & ListRow<"uint64"> {
  const halvesOf = ({ buffer, byteOffset, length }: BigInt64Array | BigUint64Array): Uint32Array =>
    new Uint32Array(buffer, byteOffset, 2 * length);
  return {
    wire: WIRE.varint,
    minBytes: 1,
    take: (reader, data, index) => reader.varintWords(halvesOf(data), 2 * index),
    takeAll(list, data, start) {
      const halves = halvesOf(data);
      let index = start;
      for (; list.at < list.end; index += 1) {
        if (index === data.length) return undefined;
        list.varintWords(halves, 2 * index);
      }
      return index - start;
    },
    write(writer, field, data) {
      const halves = halvesOf(data);
      writer.message(field, () => {
        for (let index = halves.length - 2; index >= 0; index -= 2)
          writer.varintWords(halves[index] ?? 0, halves[index + 1] ?? 0);
      });
    },
  };
}
