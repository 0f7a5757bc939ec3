import { ServingError } from "../errors.ts";
import { describeValue } from "../describe-value.ts";
import { assertOptions } from "./assert-options.ts";
import { readBinary, writeBinary } from "./binary-payload.ts";
import { contentFromBytes } from "./content.ts";
import { assertMediaType } from "./media.ts";
import type { BytesSpec, IoType } from "./types.ts";

export interface BytesOptions {
  /** Media type under which the bytes are answered, and taken beside `application/octet-stream`, which it is unless given. */
  readonly mediaType?: string;
}

/** Bytes: a raw body, base64 in JSON, one BYTES tensor with base64 or one uint8 tensor [n]. */
export function bytes(options: BytesOptions = {}): IoType<Uint8Array> {
  assertOptions("bytes", options, ["mediaType"]);
  const { mediaType = "application/octet-stream" } = options;
  assertMediaType("bytes: mediaType", mediaType, { families: false });
  const spec: BytesSpec = Object.freeze({ kind: "bytes", mediaType });
  return Object.freeze<IoType<Uint8Array>>({
    spec,
    read: (payload) => readBinary(payload, "bytes").content.bytes(),
    write: (value, as) => {
      if (!(value instanceof Uint8Array)) {
        throw new ServingError(
          "INTERNAL",
          `the output does not fit its type: expected a Uint8Array, got ${describeValue(value)}`,
        );
      }
      return writeBinary({ fileName: undefined, mediaType, content: contentFromBytes(value) }, as);
    },
  });
}
