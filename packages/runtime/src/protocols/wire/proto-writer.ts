import { ServingError } from "../../errors.ts";
import { delimitedTag, fixed32Tag, fixed64Tag, varintTag } from "./proto-reader.ts";

/**
 * Writes one protobuf message from its end to its start: the length that stands before each inner message is known then, so nothing is measured or moved.
 *
 * Call the writers in the opposite order of the fields; values that are the default of proto3 are the caller's to leave out.
 */
export class ProtoWriter {
  #bytes: Buffer;
  /** Where what was written begins. */
  #start: number;

  /** `capacityBytes`: a guess; it grows where that is not enough. */
  constructor(capacityBytes: number) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
    this.#start = capacityBytes;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  /** A view of what was written. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#start);
  }

  /** A whole number within ±2^53, a bool or an enum. */
  varint(field: number, value: number): void {
    this.signedVarint(value);
    this.#rawVarint(varintTag(field));
  }

  text(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#makeRoom(length);
    this.#start -= length;
    this.#bytes.write(value, this.#start);
    this.#rawVarint(length);
    this.#rawVarint(delimitedTag(field));
  }

  delimited(field: number, value: Uint8Array): void {
    this.raw(value);
    this.#rawVarint(value.byteLength);
    this.#rawVarint(delimitedTag(field));
  }

  /** An inner message: what `write` writes. */
  message(field: number, write: () => void): void {
    const before = this.length;
    write();
    this.#rawVarint(this.length - before);
    this.#rawVarint(delimitedTag(field));
  }

  /** A packed list of int32 or int64; nothing for an empty list. */
  packedVarints(field: number, values: ArrayLike<number>): void {
    if (values.length === 0) return;
    this.message(field, () => {
      for (let index = values.length - 1; index >= 0; index -= 1) this.signedVarint(values[index] ?? 0);
    });
  }

  /** int32 or int64: a whole number within ±2^53, or any of 64 bits as a bigint. */
  signed(field: number, value: number | bigint): void {
    if (typeof value === "number") this.signedVarint(value);
    else this.varintWords(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
    this.#rawVarint(varintTag(field));
  }

  float(field: number, value: number): void {
    this.#makeRoom(4);
    this.#start -= 4;
    this.#bytes.writeFloatLE(value, this.#start);
    this.#rawVarint(fixed32Tag(field));
  }

  double(field: number, value: number): void {
    this.#makeRoom(8);
    this.#start -= 8;
    this.#bytes.writeDoubleLE(value, this.#start);
    this.#rawVarint(fixed64Tag(field));
  }

  /** A packed list of int64; nothing for an empty list. */
  packedInt64(field: number, values: BigInt64Array): void {
    if (values.length === 0) return;
    // Their halves, on little-endian hosts: a bigint costs more than both.
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    this.message(field, () => {
      for (let index = words.length - 2; index >= 0; index -= 2)
        this.varintWords(words[index] ?? 0, words[index + 1] ?? 0);
    });
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#makeRoom(value.byteLength);
    this.#start -= value.byteLength;
    this.#bytes.set(value, this.#start);
  }

  /** A whole number within ±2^53 without a tag: ten bytes for a negative one, as int32 and int64 have it. */
  signedVarint(value: number): void {
    if (value >= 0) this.#rawVarint(value);
    else this.varintWords(value >>> 0, Math.floor(value / 2 ** 32) >>> 0);
  }

  /** A varint of 64 bits, given as its two halves, without a tag. */
  varintWords(low: number, high: number): void {
    if (high < 2 ** 21) return this.#rawVarint(high * 2 ** 32 + low);
    // 4 groups of seven bits lie in the lower half, one across both, the others in the upper one.
    this.#makeRoom(10);
    const size = high < 2 ** 24 ? 8 : high < 2 ** 31 ? 9 : 10;
    this.#start -= size;
    const groups = [
      low,
      low >>> 7,
      low >>> 14,
      low >>> 21,
      (low >>> 28) | (high << 4),
      high >>> 3,
      high >>> 10,
      high >>> 17,
      high >>> 24,
      high >>> 31,
    ];
    for (let index = 0; index < size; index += 1)
      this.#bytes[this.#start + index] = ((groups[index] ?? 0) & 0x7f) | (index < size - 1 ? 0x80 : 0);
  }

  #rawVarint(value: number): void {
    if (value < 0x80) {
      this.#makeRoom(1);
      this.#bytes[--this.#start] = value;
      return;
    }
    if (!Number.isSafeInteger(value)) throw new ServingError("INTERNAL", `${value} can't be written as a varint`);
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
    this.#makeRoom(size);
    this.#start -= size;
    let rest = value;
    for (let index = 0; index < size; index += 1) {
      this.#bytes[this.#start + index] = (rest % 0x80) | (index < size - 1 ? 0x80 : 0);
      rest = Math.floor(rest / 0x80);
    }
  }

  #makeRoom(bytes: number): void {
    if (this.#start >= bytes) return;
    const written = this.finish();
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + bytes));
    larger.set(written, larger.length - written.length);
    this.#start = larger.length - written.length;
    this.#bytes = larger;
  }
}
