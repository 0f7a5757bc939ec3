import { isUtf8 } from "node:buffer";
import { invalidInput, ServingError } from "../../errors.ts";
import { parseJsonExact } from "../json-text.ts";
import { findJsonFault, lineAndColumn } from "./json-fault.ts";
import { findJsonHazard } from "./json-hazard.ts";

export interface JsonBytesOptions {
  /** Whether integers past 2^53 become BigInt and keep every digit. */
  readonly exactIntegers: boolean;
}

/**
 * Reads JSON from bytes: valid UTF-8 (a byte order mark is skipped), nested at most 64 deep, without keys `__proto__` and `constructor`.
 *
 * Throws INVALID_ARGUMENT that names the line and column, the byte or the JSON Pointer of the first fault.
 */
export function parseJsonBytes(bytes: Uint8Array, { exactIntegers }: JsonBytesOptions): unknown {
  const text = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const value = parse(text, exactIntegers ? parseJsonExact : JSON.parse);
  const hazard = findJsonHazard(value);
  if (hazard !== undefined) throw invalidInput([hazard]);
  return value;
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw refuse(`byte ${firstBadByte(bytes)}: not valid UTF-8`);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString("utf8", hasMark ? 3 : 0);
}

function parse(text: string, parseText: (text: string) => unknown): unknown {
  try {
    return parseText(text);
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    if (/^[ \t\r\n]*$/.test(text)) throw refuse("expected JSON, got an empty body");
    const fault = findJsonFault(text);
    if (fault === undefined) throw cause;
    throw refuse(`not valid JSON at ${lineAndColumn(text, fault.offset)}: ${fault.message}`);
  }
}

function refuse(message: string): ServingError {
  return invalidInput([{ path: "", message }]);
}

/** Offset of the first byte that belongs to no UTF-8 character: where decoding puts a replacement that was not in the bytes. */
function firstBadByte(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  let offset = 0;
  for (const char of text) {
    const isReplacement =
      char === "\ufffd" && bytes.readUIntBE(offset, Math.min(3, bytes.length - offset)) !== 0xefbfbd;
    if (isReplacement) return offset;
    offset += Buffer.byteLength(char);
  }
  return offset;
}
