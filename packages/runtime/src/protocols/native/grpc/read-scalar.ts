import { isUtf8 } from "node:buffer";
import { invalidInput } from "../../../errors.ts";
import type { Scalar } from "../../proto/types.ts";
import {
  delimitedTag,
  fixed32Tag,
  fixed64Tag,
  malformed,
  type ProtoReader,
  varintTag,
} from "../../wire/proto-reader.ts";
import type { NumberArray, NumberList } from "./number-list.ts";

/** A scalar as it is held until an IO type reads it: int64 as bigint, bool as boolean. */
export type ScalarValue = number | bigint | boolean | string | Buffer;

/** How a scalar type is read. */
export interface ScalarRow {
  /** The tag of a field of this type that stands alone. */
  tag(field: number): number;
  read(reader: ProtoReader): ScalarValue;
}

/** Every scalar type as a single value. Texts that are not UTF-8 throw INVALID_ARGUMENT. */
export const SCALARS = {
  double: { tag: fixed64Tag, read: readDouble },
  float: { tag: fixed32Tag, read: readFloat },
  int32: { tag: varintTag, read: (reader) => reader.signedVarint() | 0 },
  int64: { tag: varintTag, read: readInt64 },
  bool: { tag: varintTag, read: (reader) => reader.varint() !== 0 },
  string: { tag: delimitedTag, read: readText },
  bytes: { tag: delimitedTag, read: (reader) => reader.view() },
} as const satisfies Record<Scalar, ScalarRow>;

/** How a list of numbers is read: packed, as every writer sends it, or one by one, as every reader must take it. */
export interface ListRow<A extends NumberArray> {
  create(length: number): A;
  /** Appends the numbers of a packed list, whose bytes are all that this reader has. */
  readPacked(reader: ProtoReader, list: NumberList<A>): void;
  readOne(reader: ProtoReader, list: NumberList<A>): void;
}

/** The types of number lists. */
export const LISTS = {
  double: fixedRow((length) => new Float64Array(length), 8),
  float: fixedRow((length) => new Float32Array(length), 4),
  int32: varintRow(
    (length) => new Int32Array(length),
    (data) => (reader, at) => void (data[at] = reader.signedVarint()),
  ),
  int64: varintRow(
    (length) => new BigInt64Array(length),
    (data) => {
      // Their halves, on little-endian hosts: a bigint for each costs more than both.
      const words = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);
      return (reader, at) => reader.varintWords(words, 2 * at);
    },
  ),
  bool: varintRow(
    (length) => new Uint8Array(length),
    (data) => (reader, at) => void (data[at] = reader.varint() === 0 ? 0 : 1),
  ),
} as const;

/** Numbers that take the same bytes each: a packed list is the memory of their array. */
function fixedRow<A extends NumberArray>(create: (length: number) => A, size: 4 | 8): ListRow<A> {
  const copy = (reader: ProtoReader, list: NumberList<A>, bytes: number): void => {
    reader.advance(bytes);
    const { data, at } = list.extend(bytes / size);
    const source = reader.bytes.subarray(reader.at - bytes, reader.at);
    new Uint8Array(data.buffer, data.byteOffset + at * size, bytes).set(source);
  };
  return {
    create,
    readPacked: (reader, list) => {
      const bytes = reader.end - reader.at;
      if (bytes % size !== 0) throw malformed(`a list of numbers of ${size} bytes has ${bytes}`, reader.at);
      copy(reader, list, bytes);
    },
    readOne: (reader, list) => copy(reader, list, size),
  };
}

/** `into`: gives what reads one number into its place of an array. */
function varintRow<A extends NumberArray>(
  create: (length: number) => A,
  into: (data: A) => (reader: ProtoReader, at: number) => void,
): ListRow<A> {
  return {
    create,
    readPacked: (reader, list) => {
      const { data, at } = list.extend(countVarints(reader));
      const read = into(data);
      for (let index = at; reader.at < reader.end; index += 1) read(reader, index);
    },
    readOne: (reader, list) => {
      const { data, at } = list.extend(1);
      into(data)(reader, at);
    },
  };
}

/** Each varint ends with the one byte of it below 0x80. */
function countVarints({ bytes, at, end }: ProtoReader): number {
  let count = 0;
  for (let index = at; index < end; index += 1) if ((bytes[index] ?? 0) < 0x80) count += 1;
  return count;
}

function readDouble(reader: ProtoReader): number {
  reader.advance(8);
  return reader.bytes.readDoubleLE(reader.at - 8);
}

function readFloat(reader: ProtoReader): number {
  reader.advance(4);
  return reader.bytes.readFloatLE(reader.at - 4);
}

function readInt64(reader: ProtoReader): bigint {
  const words = new Uint32Array(2);
  reader.varintWords(words, 0);
  return BigInt.asIntN(64, (BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0));
}

function readText(reader: ProtoReader): string {
  const bytes = reader.view();
  if (!isUtf8(bytes)) throw invalidInput([{ path: "", message: "the text is not valid UTF-8" }]);
  return bytes.toString("utf8");
}
