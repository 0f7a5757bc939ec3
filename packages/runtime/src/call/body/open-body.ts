import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { ServingError } from "../../errors.ts";
import type { HttpRequest } from "../types.ts";
import { bodyCutShort, bodyTooLarge, type BodyLimits } from "./limits.ts";

/** The part of a request that reading its body needs. */
export type BodyRequest = Pick<HttpRequest, "headers" | "openBody">;

/** A body about to be read: decoded bytes, and what to make of a failure while they come. */
export interface OpenBody {
  readonly stream: Readable;
  /** Length that the caller announced, when it is that of the decoded bytes too. */
  readonly length: number | undefined;
  failure(cause: unknown): ServingError;
  /** Called when the bytes have ended; throws when they were not the whole body. */
  assertComplete(bytes: number): void;
  /** Stops the reading and keeps the connection, which still carries the reply. */
  abandon(): void;
}

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

type Encoding = keyof typeof DECODERS;

/**
 * Opens the body of a request for reading.
 *
 * Throws PAYLOAD_TOO_LARGE when its announced length passes the limit, before a byte is read; UNSUPPORTED_MEDIA_TYPE for content encodings other than
 * one of gzip, deflate and br. Several encodings in a row are refused: each layer multiplies what a small body can grow to.
 */
export function openBody(request: BodyRequest, limits: BodyLimits): OpenBody {
  const length = announcedLength(request.headers["content-length"]);
  if (length !== undefined && length > limits.maxBytes) throw bodyTooLarge(limits);
  const encoding = contentEncoding(request.headers["content-encoding"]);
  const source = request.openBody();
  if (source.destroyed) throw bodyCutShort(source.errored ?? undefined);
  return encoding === undefined ? plainBody(source, length) : encodedBody(source, encoding, limits);
}

function announcedLength(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d{1,15}$/.test(header))
    throw new ServingError("INVALID_ARGUMENT", "the content length is not a whole number");
  return Number(header);
}

function contentEncoding(header = ""): Encoding | undefined {
  const encoding = header.trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return undefined;
  if (isEncoding(encoding)) return encoding;
  throw new ServingError("UNSUPPORTED_MEDIA_TYPE", "the content encoding must be one of gzip, deflate, br or none");
}

function isEncoding(name: string): name is Encoding {
  return Object.hasOwn(DECODERS, name);
}

function plainBody(stream: Readable, length: number | undefined): OpenBody {
  return {
    stream,
    length,
    failure: bodyCutShort,
    assertComplete: (bytes) => {
      if (length === undefined || bytes === length) return;
      throw new ServingError("INVALID_ARGUMENT", `the body has ${bytes} bytes, its content length announced ${length}`);
    },
    abandon: () => void stream.pause(),
  };
}

function encodedBody(source: Readable, encoding: Encoding, limits: BodyLimits): OpenBody {
  const decoder = DECODERS[encoding]();
  let encodedBytes = 0;
  // Empty gzip members in a row decode to nothing: the encoded side is counted as well.
  const count = (chunk: Uint8Array): void => {
    encodedBytes += chunk.length;
    if (encodedBytes > limits.maxBytes) decoder.destroy(bodyTooLarge(limits));
  };
  const cutShort = (cause?: unknown): void => {
    if (!source.readableEnded) decoder.destroy(bodyCutShort(cause));
  };
  source.on("data", count).on("error", cutShort).on("close", cutShort);
  source.pipe(decoder);
  return {
    stream: decoder,
    length: undefined,
    failure: (cause) => (cause instanceof ServingError ? cause : notDecodable(encoding, cause)),
    assertComplete: () => {
      // zlib ends silently at the first byte that belongs to no gzip member.
      if (decoder.bytesWritten !== encodedBytes) throw notDecodable(encoding);
    },
    abandon: () => {
      source.off("data", count).unpipe(decoder).pause();
      decoder.destroy();
    },
  };
}

function notDecodable(encoding: string, cause?: unknown): ServingError {
  return new ServingError("INVALID_ARGUMENT", `the body is not valid ${encoding}: it is cut short or damaged`, {
    cause,
  });
}
