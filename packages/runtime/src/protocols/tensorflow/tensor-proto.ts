import { CREATE_DATA, type DataOf, type DType } from "../../tensor/dtype.ts";
import { toBytes } from "../../tensor/raw.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { Tensor, TensorAmong } from "../../tensor/tensor.ts";
import { delimitedTag, ProtoReader, varintTag } from "../wire/proto-reader.ts";
import type { ProtoWriter } from "../wire/proto-writer.ts";
import { dtypeOf, TF_TYPES, VALUE_LISTS } from "./data-types.ts";
import { fillShape, type RepeatBudget, shapeOf, wrongCount } from "./fill-shape.ts";
import { fromContent } from "./from-content.ts";
import { readShape, type ShapePieces, writeShape } from "./tensor-shape.ts";
import { LIST_ROWS, type ListRow } from "./value-lists.ts";

/** Fields beside the lists. */
const FIELD = { dtype: 1, shape: 2, content: 4 } as const;

/**
 * The tensor that a `tensorflow.TensorProto` holds: its content, or the list of its element type, whose last value repeats.
 *
 * Numbers of the content are a view of the bytes. Throws INVALID_ARGUMENT for bytes that are no such message, element types that tensors here can't have, values
 * that don't fit the shape or the type, values in both places, and texts that are not UTF-8; PAYLOAD_TOO_LARGE when repeating would use up the budget.
 */
export function decodeTensorProto(message: Buffer, budget: RepeatBudget): Tensor {
  const head = readHead(new ProtoReader(message));
  const dtype = dtypeOf(head.code);
  const shape = shapeOf(head.sizes, head.isRankUnknown);
  if (head.content === undefined || head.content.length === 0)
    return readList(dtype, shape, { message, lists: head.lists, budget });
  return fromContent(head.content, { dtype, shape, list: anyList(head.lists) });
}

/** Where the values of a written tensor stand: in the list of its type, which every client reads, or as raw content. Texts always stand in their list. */
export type ValuesForm = "lists" | "content";

/** Writes the fields of a `tensorflow.TensorProto`. */
export function writeTensorProto(writer: ProtoWriter, tensor: Tensor, form: ValuesForm): void {
  if (tensor.data.length > 0) {
    if (form === "content" && tensor.dtype !== "string") writer.delimited(FIELD.content, toBytes(tensor));
    else writeList(writer, tensor);
  }
  writeShape(writer, FIELD.shape, tensor.shape);
  writer.varint(FIELD.dtype, TF_TYPES[tensor.dtype].code);
}

function writeList(writer: ProtoWriter, { dtype, data }: Tensor): void {
  const row: ListRow<DType> = LIST_ROWS[dtype];
  row.write(writer, VALUE_LISTS[TF_TYPES[dtype].list], data);
}

/** Everything of a message but the values of its lists. */
interface Head extends ShapePieces {
  code: number;
  content: Buffer | undefined;
  /** Bit n is set when a field with number n came. */
  lists: number;
}

function readHead(reader: ProtoReader): Head {
  const head: Head = { code: 0, sizes: [], isRankUnknown: false, content: undefined, lists: 0 };
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    switch (tag) {
      case varintTag(FIELD.dtype):
        head.code = reader.signedVarint();
        break;
      case delimitedTag(FIELD.shape):
        readShape(reader.message(), head);
        break;
      case delimitedTag(FIELD.content):
        head.content = reader.view();
        break;
      default:
        if (tag < 32 * 8) head.lists |= 1 << (tag >>> 3);
        reader.skip(tag);
    }
  }
  return head;
}

interface ListSource {
  readonly message: Buffer;
  readonly lists: number;
  readonly budget: RepeatBudget;
}

function readList<D extends DType>(
  dtype: D,
  shape: readonly number[],
  { message, lists, budget }: ListSource,
): TensorAmong<D> {
  const row: ListRow<D> = LIST_ROWS[dtype];
  const number = VALUE_LISTS[TF_TYPES[dtype].list];
  // Never more than the bytes can hold: a shape alone allocates nothing.
  const places = Math.min(elementCount(shape), Math.floor(message.length / row.minBytes));
  const data: DataOf[D] = CREATE_DATA[dtype](places);
  const single = (number << 3) | row.wire;
  const reader = new ProtoReader(message);
  let filled = 0;
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === single) {
      if (filled === places) throw wrongCount(dtype, shape, "more");
      row.take(reader, data, filled);
      filled += 1;
    } else if (tag === delimitedTag(number)) {
      filled += takePacked(row, reader.message(), data, filled) ?? Infinity;
      if (filled > places) throw wrongCount(dtype, shape, "more");
    } else reader.skip(tag);
  }
  if (filled === 0 && places > 0) throw wrongCount(dtype, shape, valuesIn(lists));
  const values = filled === places ? data : data.slice(0, filled);
  return fillShape(dtype, shape, values as DataOf[D], budget);
}

/** Takes a packed list and gives the number of its values; undefined when there are more than places. */
function takePacked<D extends DType>(
  row: ListRow<D>,
  list: ProtoReader,
  data: DataOf[D],
  start: number,
): number | undefined {
  if (row.takeAll !== undefined) return row.takeAll(list, data, start);
  let index = start;
  for (; list.at < list.end; index += 1) {
    if (index === data.length) return undefined;
    row.take(list, data, index);
  }
  return index - start;
}

/** What came in place of the right list, for messages. */
function valuesIn(lists: number): string {
  const list = anyList(lists);
  return list === undefined ? "none" : `values in ${list}`;
}

function anyList(lists: number): string | undefined {
  return Object.entries(VALUE_LISTS).find(([, number]) => (lists & (1 << number)) !== 0)?.[0];
}
