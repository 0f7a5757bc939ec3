import type { TensorFlowC } from "./c-api.ts";

/** Bytes of one TF_TString. */
export const STRING_BYTES = 24;

// The kind is in the lowest two bits of the first byte; the size of all but the small ones is a 62-bit number above them.
const SMALL = 0;
const LARGE = 1;
const OFFSET = 2;
const SMALL_CAPACITY = 22;

/**
 * Writes texts as an array of TF_TString into memory of the C library, their characters behind it in the same block, and gives its address.
 *
 * Whoever gets the block frees it at once with its last reference; TensorFlow copies what it keeps of a string.
 * Source: tensorflow/core/platform/ctstring_internal.h.
 */
export function writeStrings(tf: TensorFlowC, texts: readonly string[]): number {
  const contents = texts.map((text) => Buffer.from(text, "utf8"));
  const inline = texts.length * STRING_BYTES;
  const large = contents.reduce((sum, { length }) => (length > SMALL_CAPACITY ? sum + length + 1 : sum), 0);
  const address = tf.malloc(inline + large + 1);
  const block = Buffer.alloc(inline + large);
  let end = inline;
  contents.forEach((content, index) => {
    const at = index * STRING_BYTES;
    if (content.length <= SMALL_CAPACITY) {
      block.writeUInt8(content.length * 4 + SMALL, at);
      content.copy(block, at + 1);
      return;
    }
    block.writeBigUInt64LE(BigInt(content.length) * 4n + BigInt(LARGE), at);
    block.writeBigUInt64LE(BigInt(content.length), at + 8);
    block.writeBigUInt64LE(BigInt(address + end), at + 16);
    end += content.copy(block, end) + 1;
  });
  tf.write(address, block, block.length);
  return address;
}

/** Reads `count` TF_TString at an address. Throws a TypeError for one that is not UTF-8. */
export function readStrings(tf: TensorFlowC, address: number, count: number): string[] {
  const block = Buffer.alloc(count * STRING_BYTES);
  tf.read(block, address, block.length);
  return Array.from({ length: count }, (_, index) => readString(tf, { block, address, at: index * STRING_BYTES }));
}

interface Place {
  readonly block: Buffer;
  /** Where the block lies in native memory. */
  readonly address: number;
  readonly at: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readString(tf: TensorFlowC, { block, address, at }: Place): string {
  const first = block.readUInt8(at);
  const kind = first % 4;
  if (kind === SMALL) return utf8.decode(block.subarray(at + 1, at + 1 + first / 4));
  const [size, start] =
    kind === OFFSET
      ? [Math.floor(block.readUInt32LE(at) / 4), address + at + block.readUInt32LE(at + 4)]
      : [Number(block.readBigUInt64LE(at) / 4n), Number(block.readBigUInt64LE(at + (kind === LARGE ? 16 : 8)))];
  const bytes = new Uint8Array(size);
  tf.read(bytes, start, size);
  return utf8.decode(bytes);
}
