import { isUtf8 } from "node:buffer";
import { invalidInput, ServingError } from "../errors.ts";
import { describeValue } from "../describe-value.ts";
import { assertOptions } from "./assert-options.ts";
import { onlyPart, onlyText, writeText } from "./binary-payload.ts";
import { contentFromBytes } from "./content.ts";
import type { IoType, Payload, PayloadKind, TextSpec } from "./types.ts";

export interface TextOptions {
  /** Longest text taken, in characters; no limit but the body's unless given. */
  readonly maxLength?: number;
}

/**
 * A text: a `text/plain` body in UTF-8, a JSON string, or one BYTES tensor with one element.
 *
 * Reading throws INVALID_ARGUMENT for bytes that are not UTF-8, for halves of surrogate pairs and for texts past `maxLength`.
 */
export function text(options: TextOptions = {}): IoType<string> {
  assertOptions("text", options, ["maxLength"]);
  const { maxLength = null } = options;
  if (maxLength !== null && (!Number.isSafeInteger(maxLength) || maxLength < 0)) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `text: maxLength: expected a whole number ≥ 0, got ${describeValue(maxLength)}`,
    );
  }
  const spec: TextSpec = Object.freeze({ kind: "text", maxLength });
  return Object.freeze<IoType<string>>({
    spec,
    read: (payload) => readText(payload, maxLength),
    write: writeValue,
  });
}

async function readText(payload: Payload, maxLength: number | null): Promise<string> {
  const { value, path } = await textOf(payload);
  if (typeof value !== "string")
    throw invalidInput([{ path, message: `expected a text, got ${describeValue(value)}` }]);
  if (!value.isWellFormed())
    throw invalidInput([{ path, message: "half of a surrogate pair stands alone: this is no valid Unicode text" }]);
  // A character takes one or two UTF-16 units: most texts need no counting.
  if (
    maxLength !== null &&
    value.length > maxLength &&
    (value.length > 2 * maxLength || countCharacters(value) > maxLength)
  ) {
    throw invalidInput([{ path, message: `the text has more than ${maxLength} characters` }]);
  }
  return value;
}

function countCharacters(value: string): number {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}

async function textOf(payload: Payload): Promise<{ readonly value: unknown; readonly path: string }> {
  if (payload.kind === "json") return { value: payload.value, path: "" };
  if (payload.kind === "tensors") {
    const { text: value, path } = onlyText(payload.tensors, "text");
    return { value, path };
  }
  const { part, path } = onlyPart(payload.parts, "text");
  return { value: decodeUtf8(await part.content.bytes(), path), path };
}

/** The text of UTF-8 bytes, without a byte order mark. Throws INVALID_ARGUMENT at `path` for other bytes. */
export function decodeUtf8(bytes: Uint8Array, path: string): string {
  if (!isUtf8(bytes)) throw invalidInput([{ path, message: "the text is not valid UTF-8" }]);
  return new TextDecoder().decode(bytes);
}

function writeValue(value: string, as: PayloadKind): Payload {
  if (typeof value !== "string")
    throw new ServingError(
      "INTERNAL",
      `the output does not fit its type: expected a text, got ${describeValue(value)}`,
    );
  if (as !== "parts") return writeText(value, as);
  const content = contentFromBytes(Buffer.from(value));
  return { kind: "parts", parts: [{ name: undefined, fileName: undefined, mediaType: "text/plain", content }] };
}
