import { createHash } from "node:crypto";

/** What a record says of its request's body, by its level. */
export interface BodyFields {
  /** Lower-case hex, of the bytes that were read, after decompression. */
  readonly bodySha256?: string;
  readonly bodyBytes?: number;
  readonly body?: string;
  /** "base64" for a body that is no UTF-8 text. */
  readonly bodyEncoding?: "utf8" | "base64";
  /** There when the body is longer than what is shown of it. */
  readonly bodyTruncated?: true;
}

/** Bytes of a body that a record shows. */
const MAX_SHOWN_BYTES = 64 * 1024;

/** Follows one body as it is read. */
export class BodyTrace {
  readonly #hash = createHash("sha256");
  readonly #shown: Buffer[] = [];
  #shownBytes = 0;
  #bytes = 0;

  /** `keepsBody`: the first 64 KiB are kept, copied. */
  constructor(keepsBody: boolean) {
    this.#shownBytes = keepsBody ? 0 : MAX_SHOWN_BYTES;
  }

  readonly take = (piece: Uint8Array): void => {
    this.#hash.update(piece);
    this.#bytes += piece.length;
    const room = MAX_SHOWN_BYTES - this.#shownBytes;
    if (room <= 0) return;
    const shown = Buffer.from(piece.subarray(0, room));
    this.#shown.push(shown);
    this.#shownBytes += shown.length;
  };

  /** Asked once, when the call ends; nothing for a body of which nothing was read. */
  fields(level: "bodyHash" | "request"): BodyFields {
    if (this.#bytes === 0) return {};
    const digest = { bodySha256: this.#hash.digest("hex"), bodyBytes: this.#bytes };
    return level === "request" ? { ...digest, ...this.#content() } : digest;
  }

  #content(): BodyFields {
    const bytes = Buffer.concat(this.#shown);
    const isTruncated = bytes.length < this.#bytes;
    const text = textOf(bytes, isTruncated);
    return {
      ...(text === undefined
        ? { body: bytes.toString("base64"), bodyEncoding: "base64" }
        : { body: text, bodyEncoding: "utf8" }),
      ...(isTruncated ? { bodyTruncated: true } : {}),
    };
  }
}

/** Undefined for what is no text; a character that is cut in two is left out. */
function textOf(bytes: Uint8Array, isTruncated: boolean): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isTruncated });
  } catch {
    return undefined;
  }
}
