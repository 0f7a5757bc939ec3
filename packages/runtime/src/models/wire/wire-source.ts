import { readSync } from "node:fs";
import { damagedModel } from "./damaged.ts";

/** Random access to the bytes of a model that need not be in memory. Offsets are checked by the reader above. */
export interface WireSource {
  /** What the bytes should be, as messages call it: "ONNX model". */
  readonly format: string;
  readonly sizeBytes: number;
  byteAt(offset: number): number;
  /** The bytes from `offset` on; valid until the next call. */
  bytesAt(offset: number, length: number): Uint8Array;
}

/** Bytes in memory as a source; copies nothing. */
export function bytesSource(bytes: Uint8Array, format: string): WireSource {
  return {
    format,
    sizeBytes: bytes.length,
    byteAt: (offset) => bytes[offset] ?? endedEarly(format, offset),
    bytesAt: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

// Weights are stepped over, so most windows are read for a few bytes behind a tensor: small beats large here.
const WINDOW_BYTES = 16 * 1024;

/** An open file as a source; holds one window of it, however large the file is. The caller keeps the descriptor open. */
export function fileSource(fd: number, sizeBytes: number, format: string): WireSource {
  const window = new Uint8Array(WINDOW_BYTES);
  let windowStart = 0;
  let windowLength = 0;

  return {
    format,
    sizeBytes,
    byteAt(offset) {
      const index = offset - windowStart;
      if (index >= 0 && index < windowLength) return window[index] ?? endedEarly(format, offset);
      windowLength = readAt(fd, window, offset);
      windowStart = offset;
      return windowLength > 0 ? (window[0] ?? endedEarly(format, offset)) : endedEarly(format, offset);
    },
    bytesAt(offset, length) {
      const bytes = new Uint8Array(length);
      const got = readAt(fd, bytes, offset);
      return got === length ? bytes : endedEarly(format, offset + got);
    },
  };
}

/** Reads until the target is full or the file ends; returns the number of bytes read. */
function readAt(fd: number, target: Uint8Array, offset: number): number {
  let filled = 0;
  while (filled < target.length) {
    const got = readSync(fd, target, filled, target.length - filled, offset + filled);
    if (got === 0) break;
    filled += got;
  }
  return filled;
}

function endedEarly(format: string, offset: number): never {
  throw damagedModel(format, offset, "the file ends here, more was expected (it may be changing while it is read)");
}
