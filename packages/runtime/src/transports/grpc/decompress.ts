import { createGunzip, createInflate } from "node:zlib";
import { bodyTooLarge, type BodyLimits } from "../../call/body/limits.ts";
import { ServingError } from "../../errors.ts";

const DECODERS = { gzip: createGunzip, deflate: createInflate } as const;

/**
 * Decompresses one gRPC message, counting as it grows.
 *
 * Throws UNIMPLEMENTED for an encoding that is not known, PAYLOAD_TOO_LARGE past the limit, INVALID_ARGUMENT for damaged bytes and for `identity`, which no
 * message is compressed with.
 */
export async function decompress(message: Buffer, encoding: string, limits: BodyLimits): Promise<Buffer> {
  if (encoding === "identity")
    throw new ServingError("INVALID_ARGUMENT", "the message is marked as compressed, and grpc-encoding says not how");
  if (!isKnown(encoding))
    throw new ServingError(
      "UNIMPLEMENTED",
      `grpc-encoding: expected gzip, deflate or identity, got ${JSON.stringify(encoding.slice(0, 40))}`,
    );
  const decoder = DECODERS[encoding]();
  const chunks: Buffer[] = [];
  let bytes = 0;
  decoder.end(message);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) throw bodyTooLarge(limits, "the message");
      limits.hold?.(bytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    throw new ServingError("INVALID_ARGUMENT", `the message is not valid ${encoding}: it is cut short or damaged`, {
      cause,
    });
  }
  return Buffer.concat(chunks, bytes);
}

function isKnown(encoding: string): encoding is keyof typeof DECODERS {
  return Object.hasOwn(DECODERS, encoding);
}
