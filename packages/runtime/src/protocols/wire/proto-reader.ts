import { ServingError } from "../../errors.ts";

/** Wire types of protobuf. Source: protobuf.dev, "Encoding", table of wire types. */
export const WIRE = { varint: 0, fixed64: 1, delimited: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** The tag of a field that carries a varint (numbers, booleans, enums). */
export function varintTag(field: number): number {
  return field * 8 + WIRE.varint;
}

/** The tag of a field that carries 8 bytes (double). */
export function fixed64Tag(field: number): number {
  return field * 8 + WIRE.fixed64;
}

/** The tag of a field that carries 4 bytes (float). */
export function fixed32Tag(field: number): number {
  return field * 8 + WIRE.fixed32;
}

/** The tag of a field that carries a length and bytes (texts, messages, packed lists). */
export function delimitedTag(field: number): number {
  return field * 8 + WIRE.delimited;
}

/**
 * Walks the fields of one protobuf message within `bytes[start, end)`; nothing is copied and no count of the sender's is believed.
 *
 * Loop: `nextTag` until it gives 0, then exactly one of the takers, or `skip` for a tag that means nothing here: unknown fields, and known ones of another
 * wire type. All throw INVALID_ARGUMENT where the bytes are no message: cut short, a varint of more than 64 bits, a wire type that does not exist.
 */
export class ProtoReader {
  readonly bytes: Buffer;
  readonly end: number;
  /** Offset of what comes next. */
  at: number;
  #low = 0;
  #high = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** The next field's tag, 0 at the end of the message. */
  nextTag(): number {
    if (this.at >= this.end) return 0;
    const start = this.at;
    const tag = this.varint();
    if (tag < 8 || tag > 0xffffffff) throw malformed("a field has no number", start);
    return tag;
  }

  /** A varint as a number ≥ 0: exact below 2^53, rounded beyond. */
  varint(): number {
    return this.#shortVarint() ?? this.#high * 2 ** 49 + this.#low;
  }

  /** A varint as a signed 64-bit number, as int32, int64 and enums have it: exact within ±2^53, rounded beyond. */
  signedVarint(): number {
    const short = this.#shortVarint();
    if (short !== undefined) return short;
    return (this.#high < 2 ** 14 ? this.#high : this.#high - 2 ** 15) * 2 ** 49 + this.#low;
  }

  /** A varint as its 64 bits: the lower half goes to `words[index]`, the upper one behind it. */
  varintWords(words: Uint32Array, index: number): void {
    const short = this.#shortVarint();
    // Typed arrays keep the lower 32 bits of what is stored.
    words[index] = short ?? this.#low;
    words[index + 1] = short === undefined ? Math.floor(this.#low / 2 ** 32) + this.#high * 2 ** 17 : 0;
  }

  /** Steps over a length and its bytes; they begin where the reader stood behind the length, at `at - length`. Gives the length. */
  delimited(): number {
    const start = this.at;
    const length = this.varint();
    if (length > this.end - this.at)
      throw malformed(`${length} bytes are announced, ${this.end - this.at} are left`, start);
    this.at += length;
    return length;
  }

  /** A view of the bytes of a delimited field. */
  view(): Buffer {
    const length = this.delimited();
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A delimited field as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    const length = this.delimited();
    return this.bytes.toString("utf8", this.at - length, this.at);
  }

  /** A reader for the message in a delimited field. */
  message(): ProtoReader {
    const length = this.delimited();
    return new ProtoReader(this.bytes, this.at - length, this.at);
  }

  /** Steps over so many bytes. */
  advance(length: number): void {
    if (length > this.end - this.at)
      throw malformed(`${length} bytes are wanted, ${this.end - this.at} are left`, this.at);
    this.at += length;
  }

  /** Steps over the value of a field. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE.varint:
        this.varint();
        return;
      case WIRE.fixed64:
        return this.advance(8);
      case WIRE.delimited:
        this.delimited();
        return;
      case WIRE.startGroup:
        return this.#skipGroup();
      case WIRE.fixed32:
        return this.advance(4);
      default:
        throw malformed(`there is no wire type ${tag & 7} here`, this.at);
    }
  }

  /** Counts the depth instead of calling itself: a message of nothing but group starts must not use up the stack. */
  #skipGroup(): void {
    for (let depth = 1; depth > 0;) {
      const tag = this.nextTag();
      const wire = tag & 7;
      if (tag === 0) throw malformed("a group has no end", this.at);
      if (wire === WIRE.startGroup) depth += 1;
      else if (wire === WIRE.endGroup) depth -= 1;
      else this.skip(tag);
    }
  }

  /** A varint of one byte; undefined for a longer one, which then stands in `#low` (49 bits) and `#high` (15 bits). */
  #shortVarint(): number | undefined {
    const first = this.bytes[this.at] ?? 0x80;
    if (first < 0x80 && this.at < this.end) {
      this.at += 1;
      return first;
    }
    this.#takeLongVarint();
    return undefined;
  }

  /** The first seven bytes carry 49 bits, which a number holds exactly; the last three carry the other 15. */
  #takeLongVarint(): void {
    const start = this.at;
    this.#low = 0;
    this.#high = 0;
    for (let index = 0; index < 10; index += 1) {
      if (this.at >= this.end) throw malformed("the message ends within a varint", start);
      const byte = this.bytes[this.at++] ?? 0;
      const bits = byte & 0x7f;
      if (index < 4) this.#low += bits << (7 * index);
      else if (index < 7) this.#low += bits * 2 ** (7 * index);
      else this.#high += bits << (7 * (index - 7));
      if (byte < 0x80 && this.#high < 2 ** 15) return;
      if (byte < 0x80) break;
    }
    throw malformed("a varint has more than 64 bits", start);
  }
}

/** The refusal of bytes that are no protobuf message. */
export function malformed(fault: string, at: number): ServingError {
  return new ServingError("INVALID_ARGUMENT", `not a valid protobuf message: ${fault} (byte ${at})`);
}
