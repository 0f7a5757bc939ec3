import type { Readable } from "node:stream";
import { ServingError } from "../errors.ts";
import { describeValue } from "../describe-value.ts";
import { assertOptions } from "./assert-options.ts";
import { readBinary, writeBinary } from "./binary-payload.ts";
import { contentFromBytes } from "./content.ts";
import { assertMediaType, fitsMediaTypes } from "./media.ts";
import type { FileSpec, IoType, Payload, PayloadKind } from "./types.ts";

/** A file that a caller sent or an API answers: in memory up to 1 MiB, past that on disk until the call ends. */
export interface FileValue {
  /** Name without folders, as the caller gave it; undefined where none came. */
  readonly name: string | undefined;
  /** Media type as the caller gave it, in lower case without parameters; "application/octet-stream" where none came. */
  readonly mediaType: string;
  /** Length in bytes. */
  readonly size: number;
  bytes(): Promise<Uint8Array>;
  stream(): Readable;
}

export interface FileOptions {
  /** Media types taken, `type/subtype` or all of one family as with `image/*`; any unless given. Only what the caller says is compared, not the bytes. */
  readonly mediaTypes?: readonly string[];
}

const UNKNOWN = "application/octet-stream";

/** A file: a raw body of any type, the only part of a multipart form, base64 or a data URL in JSON, one BYTES tensor with base64. */
export function file(options: FileOptions = {}): IoType<FileValue> {
  assertOptions("file", options, ["mediaTypes"]);
  const mediaTypes = Object.freeze([...(options.mediaTypes ?? [])]);
  for (const type of mediaTypes) assertMediaType("file: mediaTypes", type, { families: true });
  const spec: FileSpec = Object.freeze({ kind: "file", mediaTypes });
  return Object.freeze<IoType<FileValue>>({
    spec,
    read: (payload) => readFile(payload, mediaTypes),
    write: writeFile,
  });
}

/** Makes a file to answer with from bytes. */
export function createFile(
  bytes: Uint8Array,
  about: { readonly name?: string; readonly mediaType?: string } = {},
): FileValue {
  return Object.freeze({ ...contentFromBytes(bytes), name: about.name, mediaType: about.mediaType ?? UNKNOWN });
}

function readFile(payload: Payload, mediaTypes: readonly string[]): FileValue {
  const { content, mediaType, fileName, path } = readBinary(payload, "file");
  // Bare base64 says nothing of its type.
  if (mediaType !== undefined && mediaTypes.length > 0 && !fitsMediaTypes(mediaType, mediaTypes)) {
    const place = path === "" ? "" : `${path}: `;
    throw new ServingError(
      "UNSUPPORTED_MEDIA_TYPE",
      `${place}expected a file of type ${mediaTypes.join(" or ")}, got ${mediaType}`,
      {
        problems: [{ path, message: `expected a file of type ${mediaTypes.join(" or ")}` }],
      },
    );
  }
  return Object.freeze({
    name: fileName,
    mediaType: mediaType ?? UNKNOWN,
    size: content.size,
    bytes: () => content.bytes(),
    stream: () => content.stream(),
  });
}

async function writeFile(value: FileValue, as: PayloadKind): Promise<Payload> {
  if (
    typeof value !== "object" ||
    value === null ||
    typeof value.bytes !== "function" ||
    typeof value.mediaType !== "string"
  ) {
    throw new ServingError(
      "INTERNAL",
      `the output does not fit its type: expected a file, as createFile makes it, got ${describeValue(value)}`,
    );
  }
  return writeBinary({ fileName: value.name, mediaType: value.mediaType, content: value }, as);
}
