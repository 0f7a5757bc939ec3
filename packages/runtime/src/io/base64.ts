import { invalidInput, type ServingError } from "../errors.ts";

/** Bytes of a base64 text or a data URL; the media type only of the latter. */
export interface DecodedText {
  readonly bytes: Uint8Array;
  readonly mediaType: string | undefined;
}

const DATA_URL = /^data:([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)?(?:;[^;,]{1,100}){0,5}?;base64,/i;

/**
 * Decodes base64 (RFC 4648, section 4: the standard alphabet, padded, without line breaks), bare or as a data URL (RFC 2397).
 *
 * Throws INVALID_ARGUMENT at `path` for anything else: what a lenient reader drops would become other bytes without a word.
 */
export function decodeBase64Text(text: string, path: string): DecodedText {
  if (!text.startsWith("data:")) return { bytes: decodeBase64(text, path), mediaType: undefined };
  const head = DATA_URL.exec(text.slice(0, 1024));
  if (head === null) throw invalidInput([{ path, message: "expected a data URL of the form data:image/png;base64,…" }]);
  return { bytes: decodeBase64(text.slice(head[0].length), path), mediaType: head[1]?.toLowerCase() };
}

/** Decodes strict base64; throws INVALID_ARGUMENT at `path`. */
export function decodeBase64(text: string, path: string): Uint8Array {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = Buffer.from(text, "base64");
  // Node skips what it does not know, so that foreign characters show in the length; only the URL-safe alphabet and stray last bits do not.
  const whole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding;
  if (!whole || text.includes("-") || text.includes("_") || !text.endsWith(lastGroup(bytes)))
    throw notBase64(text, path);
  return bytes;
}

function lastGroup(bytes: Buffer): string {
  return bytes.subarray(bytes.length - (bytes.length % 3 || 3)).toString("base64");
}

function notBase64(text: string, path: string): ServingError {
  const foreign = /[^A-Za-z0-9+/=]|=(?!=?$)/.exec(text);
  if (foreign !== null)
    return invalidInput([
      { path, message: `not base64: ${JSON.stringify(foreign[0])} at character ${foreign.index + 1}` },
    ]);
  if (text.length % 4 !== 0)
    return invalidInput([
      { path, message: `not base64: ${text.length} characters are no multiple of 4, is the padding missing?` },
    ]);
  return invalidInput([{ path, message: "not base64: the last group is not one that an encoder writes" }]);
}
