import { isUtf8 } from "node:buffer";
import { ServingError } from "../../errors.ts";
import { type DataOf, type DType, DTYPES } from "../../tensor/dtype.ts";
import { readVarint, type VarintCursor, wordsOf } from "../protobuf/varint.ts";

/** How the values of one element type stand in their list. */
export interface ListRow<D extends DType> {
  /** Wire type of a value that is not packed. Source: Protocol Buffers, "Encoding". */
  readonly wireType: 0 | 1 | 2 | 5;
  /** Fewest bytes that a value takes: bounds what a number of values can be. */
  readonly minBytes: number;
  /**
   * Writes the values in `bytes` (packed, or one of them) into `data` from `at` on and gives the index behind the last.
   *
   * Gives `TOO_MANY` when they don't all fit. Throws RangeError for bytes that hold no whole values, INVALID_ARGUMENT for a value that is none of the element type.
   */
  read(bytes: Uint8Array, data: DataOf[D], at: number): number;
}

/** There are more values than the data has places for. */
export const TOO_MANY = -1;

/** The list of each element type. */
export const LIST_ROWS: { readonly [D in DType]: ListRow<D> } = {
  float32: fixed(5, 4),
  float64: fixed(1, 8),
  int32: narrow("int32"),
  uint8: narrow("uint8"),
  int16: narrow("int16"),
  int8: narrow("int8"),
  uint16: narrow("uint16"),
  // Bits, in a list of int32.
  float16: narrow("uint16"),
  bfloat16: narrow("uint16"),
  uint32: varints((data: Uint32Array, at, low) => void (data[at] = low >>> 0)),
  bool: varints((data: Uint8Array, at, low, high) => void (data[at] = (low | high) === 0 ? 0 : 1)),
  int64: wide(),
  uint64: wide(),
  string: { wireType: 2, minBytes: 1, read: readText },
};

/** Floats, which stand in the list as they do in memory. */
function fixed(wireType: 1 | 5, size: 4 | 8): ListRow<"float32"> & ListRow<"float64"> {
  return {
    wireType,
    minBytes: size,
    read(bytes, data, at) {
      const count = bytes.length / size;
      if (!Number.isInteger(count)) throw new RangeError(`no multiple of ${size} bytes`);
      if (count > data.length - at) return TOO_MANY;
      new Uint8Array(data.buffer, data.byteOffset + at * size, bytes.length).set(bytes);
      return at + count;
    },
  };
}

interface VarintRow<A> {
  readonly wireType: 0;
  readonly minBytes: 1;
  read(bytes: Uint8Array, data: A, at: number): number;
}

function varints<A extends { readonly length: number }>(
  put: (data: A, at: number, low: number, high: number) => void,
): VarintRow<A> {
  return {
    wireType: 0,
    minBytes: 1,
    read(bytes, data, start) {
      const cursor: VarintCursor = { bytes, at: 0, low: 0, high: 0 };
      let at = start;
      while (cursor.at < bytes.length) {
        if (at === data.length) return TOO_MANY;
        readVarint(cursor);
        put(data, at, cursor.low, cursor.high);
        at += 1;
      }
      return at;
    },
  };
}

/** Whole numbers of at most 32 bits in a list of int32. */
function narrow(
  dtype: "int32" | "int16" | "int8" | "uint16" | "uint8",
): VarintRow<{ [index: number]: number; readonly length: number }> {
  const { min, max } = DTYPES[dtype];
  return varints((data, at, low) => {
    if (low < min || low > max)
      throw new ServingError("INVALID_ARGUMENT", `expected values from ${min} to ${max}, got ${low} as value ${at}`);
    data[at] = low;
  });
}

function wide(): VarintRow<BigInt64Array | BigUint64Array> {
  return {
    wireType: 0,
    minBytes: 1,
    read(bytes, data, start) {
      const words = wordsOf(data);
      const row = varints((_data: typeof data, at, low, high) => {
        words[2 * at] = low;
        words[2 * at + 1] = high;
      });
      return row.read(bytes, data, start);
    },
  };
}

function readText(bytes: Uint8Array, data: string[], at: number): number {
  if (at === data.length) return TOO_MANY;
  data[at] = toText(bytes, at);
  return at + 1;
}

/** The text of one value of `string_val`, whole: a byte order mark is part of it. Throws INVALID_ARGUMENT for bytes that are not UTF-8. */
export function toText(bytes: Uint8Array, index: number): string {
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  throw new ServingError(
    "INVALID_ARGUMENT",
    `expected UTF-8 text in string_val, value ${index} is none: send other bytes as base64, or as DT_UINT8`,
  );
}
