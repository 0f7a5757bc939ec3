import { isUtf8 } from "node:buffer";
import { ServingError } from "../../../errors.ts";
import { CREATE_DATA, type DataOf, type DType, DTYPES } from "../../../tensor/dtype.ts";
import { elementCount, formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { delimitedTag, malformed, ProtoReader, WIRE } from "../../wire/proto-reader.ts";
import type { ProtoWriter } from "../../wire/proto-writer.ts";

/** Field of an InferTensorContents in which the elements of one type stand, and how. */
interface ContentsField<D extends DType> {
  readonly name: string;
  readonly number: number;
  /** Bytes of one element; undefined where they differ. */
  readonly fixedBytes?: 4 | 8;
  /** Takes the next element. Throws INVALID_ARGUMENT where it does not fit the type. */
  take(reader: ProtoReader, data: DataOf[D], index: number): void;
  /** Takes a whole packed list, where that is faster than one by one; gives the number of elements. */
  takeAll?(list: ProtoReader, data: DataOf[D], index: number): number;
  write(writer: ProtoWriter, number: number, data: DataOf[D]): void;
}

/** The field of each type; none for 16-bit floats, which have no typed form. Source: Open Inference Protocol v2, InferTensorContents. */
const FIELDS: { readonly [D in DType]: ContentsField<D> | undefined } = {
  bool: {
    name: "bool_contents",
    number: 1,
    take: (reader, data, index) => void (data[index] = reader.varint() === 0 ? 0 : 1),
    write: (writer, number, data) => writer.delimited(number, data),
  },
  int8: integers("int8", "int_contents", 2),
  int16: integers("int16", "int_contents", 2),
  int32: integers("int32", "int_contents", 2),
  int64: words("int64_contents", 3),
  uint8: integers("uint8", "uint_contents", 4),
  uint16: integers("uint16", "uint_contents", 4),
  uint32: integers("uint32", "uint_contents", 4),
  uint64: words("uint64_contents", 5),
  float32: floats("fp32_contents", 6, 4),
  float64: floats("fp64_contents", 7, 8),
  float16: undefined,
  bfloat16: undefined,
  string: {
    name: "bytes_contents",
    number: 8,
    take: (reader, data, index) => void (data[index] = utf8Text(reader.view(), index)),
    write: (writer, number, data) => {
      for (let index = data.length - 1; index >= 0; index -= 1) writer.text(number, data[index] ?? "");
    },
  },
};

/** Field `contents` of InferInputTensor and InferOutputTensor. */
const CONTENTS = delimitedTag(5);
const LAST_FIELD = 8;

/**
 * Reads the typed contents of a tensor message.
 *
 * Elements are counted before memory is taken for them: neither the shape nor a length is believed. Throws INVALID_ARGUMENT for elements in the field of
 * another type, another number of them than the shape needs, or values out of the type's range.
 */
export function readContents<D extends DType>(message: ProtoReader, dtype: D, shape: readonly number[]): Tensor {
  const field: ContentsField<D> | undefined = FIELDS[dtype];
  const { v2 } = DTYPES[dtype];
  if (field === undefined)
    throw new ServingError("INVALID_ARGUMENT", `${v2} has no typed contents: send raw_input_contents`);
  let count = 0;
  walkContents(message, (reader, tag) => {
    count += countElements(reader, tag, field, v2);
  });
  const expected = elementCount(shape);
  if (count !== expected) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `shape ${formatShape(shape)} needs ${expected} elements, ${field.name} has ${count}`,
    );
  }
  const data: DataOf[D] = CREATE_DATA[dtype](count);
  let index = 0;
  walkContents(message, (reader, tag) => {
    index = fill(reader, tag, { field, data, index });
  });
  return { dtype, shape, data } as Tensor;
}

/** Whether a type can be answered in typed contents. */
export function hasContentsField(dtype: DType): boolean {
  return FIELDS[dtype] !== undefined;
}

/** Writes the typed contents of a tensor as an InferTensorContents. */
export function writeContents(writer: ProtoWriter, tensor: Tensor): void {
  const field = FIELDS[tensor.dtype] as ContentsField<DType> | undefined;
  if (field === undefined) throw new ServingError("INTERNAL", `${tensor.dtype} has no typed contents`);
  if (tensor.data.length > 0) field.write(writer, field.number, tensor.data as DataOf[DType]);
}

/** Calls `take` at each field of each `contents`: a message that stands in several pieces is their sum. `take` steps over the value. */
function walkContents(message: ProtoReader, take: (reader: ProtoReader, tag: number) => void): void {
  const outer = new ProtoReader(message.bytes, message.at, message.end);
  for (let tag = outer.nextTag(); tag !== 0; tag = outer.nextTag()) {
    if (tag !== CONTENTS) {
      outer.skip(tag);
      continue;
    }
    const inner = outer.message();
    for (let field = inner.nextTag(); field !== 0; field = inner.nextTag()) take(inner, field);
  }
}

/** Wire type of elements that stand one by one, outside of a packed list. */
function singleWire({ number, fixedBytes }: ContentsField<never>): number {
  if (fixedBytes !== undefined) return fixedBytes === 4 ? WIRE.fixed32 : WIRE.fixed64;
  return number === LAST_FIELD ? WIRE.delimited : WIRE.varint;
}

function countElements(reader: ProtoReader, tag: number, field: ContentsField<never>, v2: string): number {
  const start = reader.at;
  reader.skip(tag);
  const number = tag >>> 3;
  if (number !== field.number) {
    const isEmpty = (tag & 7) === WIRE.delimited && reader.at === start + 1;
    if (number > LAST_FIELD || isEmpty) return 0;
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${v2} stands in ${field.name}, got elements in field ${number} of the contents`,
    );
  }
  if ((tag & 7) === singleWire(field)) return 1;
  if ((tag & 7) !== WIRE.delimited) return 0;
  const packed = packedRange(reader, start);
  if (field.fixedBytes === undefined) return countVarints(reader.bytes, packed.at, packed.end);
  if ((packed.end - packed.at) % field.fixedBytes !== 0)
    throw malformed(`${field.name} ends within an element`, packed.end);
  return (packed.end - packed.at) / field.fixedBytes;
}

/** The bytes of a packed list that was stepped over. */
function packedRange(reader: ProtoReader, start: number): ProtoReader {
  const list = new ProtoReader(reader.bytes, start, reader.end);
  return list.message();
}

function countVarints(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) if ((bytes[at] ?? 0) < 0x80) count += 1;
  return count;
}

interface Filling<D extends DType> {
  readonly field: ContentsField<D>;
  readonly data: DataOf[D];
  readonly index: number;
}

/** Takes the elements of one field, those of a packed list or a single one; gives the index behind the last. */
function fill<D extends DType>(reader: ProtoReader, tag: number, { field, data, index }: Filling<D>): number {
  const wire = tag & 7;
  if (tag >>> 3 === field.number && wire === singleWire(field)) {
    field.take(reader, data, index);
    return index + 1;
  }
  if (tag >>> 3 !== field.number || wire !== WIRE.delimited) {
    reader.skip(tag);
    return index;
  }
  const list = reader.message();
  if (field.takeAll !== undefined) return index + field.takeAll(list, data, index);
  let next = index;
  while (list.at < list.end) field.take(list, data, next++);
  return next;
}

/** The lower and the upper half of the varint that was read last. */
const scratch = new Uint32Array(2);

/** Integers of 32 bits on the wire: longer varints lose their upper bits, as every protobuf reader has it. */
function integers<D extends "int8" | "int16" | "int32" | "uint8" | "uint16" | "uint32">(
  dtype: D,
  name: string,
  number: number,
): ContentsField<D> {
  const { min, max } = DTYPES[dtype];
  const isSigned = min < 0;
  return {
    name,
    number,
    take(reader, data, index) {
      reader.varintWords(scratch, 0);
      const word = scratch[0] ?? 0;
      const value = isSigned ? word | 0 : word;
      if (value < min || value > max)
        throw new ServingError(
          "INVALID_ARGUMENT",
          `element ${index}: expected ${min} to ${max} for ${DTYPES[dtype].v2}, got ${value}`,
        );
      data[index] = value;
    },
    write: (writer, field, data) =>
      writer.message(field, () => {
        for (let index = data.length - 1; index >= 0; index -= 1) writer.signedVarint(data[index] ?? 0);
      }),
  };
}

/** Integers of 64 bits: their halves go straight into the memory of the array, without a bigint for each. */
function words<D extends "int64" | "uint64">(name: string, number: number): ContentsField<D> {
  const halves = (data: DataOf[D]): Uint32Array => new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);
  return {
    name,
    number,
    take: (reader, data, index) => reader.varintWords(halves(data), 2 * index),
    takeAll(list, data, index) {
      const target = halves(data);
      let next = index;
      while (list.at < list.end) list.varintWords(target, 2 * next++);
      return next - index;
    },
    write: (writer, field, data) =>
      writer.message(field, () => {
        const source = halves(data);
        for (let at = source.length - 2; at >= 0; at -= 2) writer.varintWords(source[at] ?? 0, source[at + 1] ?? 0);
      }),
  };
}

function floats<D extends "float32" | "float64">(name: string, number: number, fixedBytes: 4 | 8): ContentsField<D> {
  const copy = (from: ProtoReader, data: DataOf[D], index: number, bytes: number): void => {
    const start = from.at;
    from.advance(bytes);
    new Uint8Array(data.buffer, data.byteOffset + index * fixedBytes, bytes).set(from.bytes.subarray(start, from.at));
  };
  return {
    name,
    number,
    fixedBytes,
    take: (reader, data, index) => copy(reader, data, index, fixedBytes),
    takeAll(list, data, index) {
      const bytes = list.end - list.at;
      copy(list, data, index, bytes);
      return bytes / fixedBytes;
    },
    write: (writer, field, data) =>
      writer.delimited(field, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  };
}

function utf8Text(bytes: Buffer, index: number): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new ServingError("INVALID_ARGUMENT", `expected UTF-8 text in element ${index} of a BYTES tensor`);
}
