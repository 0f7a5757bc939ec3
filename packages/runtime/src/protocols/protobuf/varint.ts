import type { FieldReader } from "./read-fields.ts";

/** Where varints are read, and the last one as two halves of 32 bits, both as int32. */
export interface VarintCursor {
  readonly bytes: Uint8Array;
  at: number;
  low: number;
  high: number;
}

/** Longest varint: ten groups of seven bits hold 64. */
const MAX_BYTES = 10;

/** Reads the varint at the cursor and moves on. Throws RangeError where the bytes end inside of it or it is longer than ten bytes. */
export function readVarint(cursor: VarintCursor): void {
  const { bytes } = cursor;
  let low = 0;
  let high = 0;
  for (let group = 0; group < MAX_BYTES; group += 1) {
    const byte = bytes[cursor.at];
    if (byte === undefined) break;
    cursor.at += 1;
    const bits = byte & 0x7f;
    // Of the fifth group four bits belong to the lower half and three to the upper.
    if (group < 4) low |= bits << (7 * group);
    else if (group > 4) high |= bits << (7 * group - 32);
    else {
      low |= bits << 28;
      high |= bits >> 4;
    }
    if (byte < 0x80) {
      cursor.low = low;
      cursor.high = high;
      return;
    }
  }
  throw new RangeError("a varint without an end");
}

/** Reads the int64 that is a field's value, exactly. */
export function readInt64(reader: FieldReader): bigint {
  const cursor: VarintCursor = { bytes: reader.buf, at: reader.pos, low: 0, high: 0 };
  readVarint(cursor);
  reader.pos = cursor.at;
  return (BigInt(cursor.high) << 32n) | BigInt(cursor.low >>> 0);
}

/** Packs whole numbers of 32 bits, signed or not; negative ones take ten bytes, as protobuf's int32 does. */
export function packInt32(values: ArrayLike<number>): Uint8Array {
  let length = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    length += varintBytes(value, value < 0 ? -1 : 0);
  }
  const packed = Buffer.allocUnsafe(length);
  let at = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    at = writeVarint(packed, at, value, value < 0 ? -1 : 0);
  }
  return packed;
}

/** Packs whole numbers of 64 bits, signed or not. */
export function packInt64(values: BigInt64Array | BigUint64Array): Uint8Array {
  const words = wordsOf(values);
  let length = 0;
  for (let index = 0; index < words.length; index += 2) length += varintBytes(words[index] ?? 0, words[index + 1] ?? 0);
  const packed = Buffer.allocUnsafe(length);
  let at = 0;
  for (let index = 0; index < words.length; index += 2)
    at = writeVarint(packed, at, words[index] ?? 0, words[index + 1] ?? 0);
  return packed;
}

/** The memory of 64-bit numbers as lower and upper half in turn, on little-endian hosts: halves cost no bigint each. */
export function wordsOf({ buffer, byteOffset, length }: BigInt64Array | BigUint64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length * 2);
}

function varintBytes(low: number, high: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low | 1) : 64 - Math.clz32(high);
  return Math.ceil(bits / 7);
}

function writeVarint(bytes: Uint8Array, start: number, low: number, high: number): number {
  let at = start;
  let lower = low;
  let upper = high;
  while (upper !== 0 || lower >>> 0 > 0x7f) {
    bytes[at] = (lower & 0x7f) | 0x80;
    at += 1;
    lower = (lower >>> 7) | (upper << 25);
    upper >>>= 7;
  }
  bytes[at] = lower;
  return at + 1;
}
