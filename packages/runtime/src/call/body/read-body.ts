import { consumeBody } from "./consume-body.ts";
import type { BodyLimits } from "./limits.ts";
import { openBody, type BodyRequest } from "./open-body.ts";

export type { BodyLimits } from "./limits.ts";

/** From this announced length on the bytes go into one buffer as they come, so that the body is held once and not twice. */
const PREALLOCATED_BYTES = 1024 * 1024;

/**
 * Reads the whole body of a request, decompressed.
 *
 * Throws PAYLOAD_TOO_LARGE (from the announced length, or while counting), UNSUPPORTED_MEDIA_TYPE for unknown content encodings, INVALID_ARGUMENT for
 * damaged compression, CANCELLED when the caller is gone or the signal fires.
 */
export async function readBody(request: BodyRequest, limits: BodyLimits): Promise<Buffer> {
  const body = openBody(request, limits);
  if (body.length !== undefined && body.length >= PREALLOCATED_BYTES) {
    const whole = Buffer.allocUnsafeSlow(body.length);
    let filled = 0;
    await consumeBody(body, limits, (chunk) => {
      filled += chunk.copy(whole, filled);
    });
    return whole;
  }
  const chunks: Buffer[] = [];
  await consumeBody(body, limits, (chunk) => void chunks.push(chunk));
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
