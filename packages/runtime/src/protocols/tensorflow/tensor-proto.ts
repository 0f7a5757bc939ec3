import type protobuf from "protobufjs/minimal.js";
import { ServingError } from "../../errors.ts";
import { CREATE_DATA, type DataOf, type DType } from "../../tensor/dtype.ts";
import { fromBytes, toBytes } from "../../tensor/raw.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { Tensor, TensorAmong } from "../../tensor/tensor.ts";
import { type FieldReader, readFields } from "../protobuf/read-fields.ts";
import { packInt32, packInt64, readInt64 } from "../protobuf/varint.ts";
import { dtypeOf, TF_TYPES, VALUE_LISTS } from "./data-types.ts";
import { fillShape, type RepeatBudget, shapeOf, wrongCount } from "./fill-shape.ts";
import { LIST_ROWS, type ListRow, TOO_MANY } from "./value-lists.ts";

const NAME = "tensorflow.TensorProto";

/**
 * The tensor that a `tensorflow.TensorProto` holds: its content where it is not empty, else the list of its element type, whose last value repeats.
 *
 * Numbers of the content are a view of the bytes. Throws INVALID_ARGUMENT for bytes that are no such message, element types that tensors here can't have, values
 * that don't fit the shape or the type, and texts that are not UTF-8; PAYLOAD_TOO_LARGE when repeating would use up the budget.
 */
export function decodeTensorProto(bytes: Uint8Array, budget: RepeatBudget): Tensor {
  const head = readHead(bytes);
  const dtype = dtypeOf(head.code);
  const shape = shapeOf(head.sizes, head.isRankUnknown);
  if (head.content.length === 0) return readList(dtype, shape, { bytes, lists: head.lists, budget });
  if (dtype !== "string") return fromBytes(head.content, dtype, shape);
  throw new ServingError("INVALID_ARGUMENT", "expected the texts of DT_STRING in string_val, got tensor_content");
}

/** Where the values of a written tensor stand: in the list of its type, which every client reads, or as raw content. Texts always stand in their list. */
export type ValuesForm = "lists" | "content";

/** Writes the fields of a `tensorflow.TensorProto`; the tensor's memory is shared until the writer is finished. */
export function writeTensorProto(writer: protobuf.Writer, tensor: Tensor, form: ValuesForm): protobuf.Writer {
  const { code, list } = TF_TYPES[tensor.dtype];
  writer.uint32(0x08).uint32(code);
  writer.uint32(0x12).fork();
  for (const size of tensor.shape) {
    writer.uint32(0x12).fork();
    // Sizes are below 2^53 and proto3 leaves zeros out.
    if (size !== 0) writer.uint32(0x08).int64(size);
    writer.ldelim();
  }
  writer.ldelim();
  if (tensor.data.length === 0) return writer;
  if (tensor.dtype === "string") {
    for (const text of tensor.data) writer.uint32(0x42).bytes(Buffer.from(text));
    return writer;
  }
  if (form === "content") return writer.uint32(0x22).bytes(toBytes(tensor));
  return writer.uint32(VALUE_LISTS[list] * 8 + PACKED).bytes(packValues(tensor));
}

/** Wire type of packed lists. */
const PACKED = 2;

function packValues(tensor: Exclude<Tensor, { readonly dtype: "string" }>): Uint8Array {
  switch (tensor.dtype) {
    // These stand in memory as they do in their packed lists.
    case "float32":
    case "float64":
    case "bool":
      return toBytes(tensor);
    case "int64":
    case "uint64":
      return packInt64(tensor.data);
    default:
      return packInt32(tensor.data);
  }
}

/** Everything of a message but the values of its lists. */
interface Head {
  code: number;
  readonly sizes: bigint[];
  isRankUnknown: boolean;
  content: Uint8Array;
  /** Bit n is set when a field with number n came. */
  lists: number;
}

function readHead(bytes: Uint8Array): Head {
  const head: Head = { code: 0, sizes: [], isRankUnknown: false, content: NO_BYTES, lists: 0 };
  readFields(bytes, NAME, (tag, reader) => {
    switch (tag) {
      case 0x08:
        head.code = reader.int32();
        return true;
      case 0x12:
        readShape(reader.bytes(), head);
        return true;
      case 0x22:
        head.content = reader.bytes();
        return true;
      default:
        if (tag < 32 * 8) head.lists |= 1 << (tag >>> 3);
        return false;
    }
  });
  return head;
}

const NO_BYTES = new Uint8Array(0);

/** A shape that comes in several pieces is all of them: messages are merged by joining their lists. */
function readShape(bytes: Uint8Array, head: Pick<Head, "sizes" | "isRankUnknown">): void {
  readFields(bytes, "tensorflow.TensorShapeProto", (tag, reader) => {
    if (tag === 0x12) head.sizes.push(readSize(reader.bytes()));
    else if (tag === 0x18) head.isRankUnknown = reader.bool();
    else return false;
    return true;
  });
}

function readSize(bytes: Uint8Array): bigint {
  let size = 0n;
  readFields(bytes, "tensorflow.TensorShapeProto.Dim", (tag, reader) => {
    if (tag !== 0x08) return false;
    size = readInt64(reader);
    return true;
  });
  return size;
}

interface ListSource {
  readonly bytes: Uint8Array;
  readonly lists: number;
  readonly budget: RepeatBudget;
}

function readList<D extends DType>(
  dtype: D,
  shape: readonly number[],
  { bytes, lists, budget }: ListSource,
): TensorAmong<D> {
  const row: ListRow<D> = LIST_ROWS[dtype];
  // Never more than the bytes can hold: a shape alone allocates nothing.
  const places = Math.min(elementCount(shape), Math.floor(bytes.length / row.minBytes));
  const data: DataOf[D] = CREATE_DATA[dtype](places);
  let filled = 0;
  const field = VALUE_LISTS[TF_TYPES[dtype].list] * 8;
  readFields(bytes, NAME, (tag, reader) => {
    if (tag !== field + PACKED && tag !== field + row.wireType) return false;
    filled = row.read(valueBytes(reader, tag & 7), data, filled);
    if (filled === TOO_MANY) throw wrongCount(dtype, shape, "more");
    return true;
  });
  if (filled === 0 && places > 0) throw wrongCount(dtype, shape, otherList(lists) ?? "none");
  const values = filled === data.length ? data : data.slice(0, filled);
  return fillShape(dtype, shape, values as DataOf[D], budget);
}

/** The bytes of a field's value, whatever its wire type. */
function valueBytes(reader: FieldReader, wireType: number): Uint8Array {
  if (wireType === PACKED) return reader.bytes();
  const start = reader.pos;
  reader.skipType(wireType);
  return reader.buf.subarray(start, reader.pos);
}

/** The list that came in place of the right one, for messages. */
function otherList(lists: number): string | undefined {
  const found = Object.entries(VALUE_LISTS).find(([, number]) => (lists & (1 << number)) !== 0);
  return found === undefined ? undefined : `values in ${found[0]}`;
}
