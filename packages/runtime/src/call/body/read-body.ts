import type { Readable } from "node:stream";
import { consumeBody } from "./consume-body.ts";
import { bodyAborted, type BodyLimits } from "./limits.ts";
import { type BodyRequest, openBody, type OpenBody } from "./open-body.ts";

export type { BodyLimits } from "./limits.ts";

/** From this announced length on the bytes go into one buffer as they come, so that the body is held once and not twice. */
const PREALLOCATED_BYTES = 1024 * 1024;

/** Element types take at most so many bytes, and stand at multiples of their size. */
const ALIGNMENT = 8;

/** How the whole body is read. */
export interface WholeBodyLimits extends BodyLimits {
  /** An offset in a large body that is to lie where every element type can stand, so that tensors from there on need not be copied. */
  readonly alignedAt?: number;
}

/**
 * Reads the whole body of a request, decompressed.
 *
 * Gives a promise only where there is something to wait for, and throws at once what is known at once.
 * Throws PAYLOAD_TOO_LARGE (from the announced length, or while counting), UNSUPPORTED_MEDIA_TYPE for unknown content encodings, INVALID_ARGUMENT for
 * damaged compression, CANCELLED when the caller is gone or the signal fires.
 */
export function readBody(request: BodyRequest, limits: WholeBodyLimits): Buffer | Promise<Buffer> {
  const body = openBody(request, limits);
  // Small bodies come with the headers and stand in the stream whole: there is nothing to wait for.
  return body.length === body.stream.readableLength ? takeWhole(body.stream, limits) : collect(body, limits);
}

async function collect(body: OpenBody, limits: WholeBodyLimits): Promise<Buffer> {
  if (body.length !== undefined && body.length >= PREALLOCATED_BYTES) {
    const lead = (ALIGNMENT - ((limits.alignedAt ?? 0) % ALIGNMENT)) % ALIGNMENT;
    const whole = Buffer.allocUnsafeSlow(lead + body.length).subarray(lead);
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

function takeWhole(stream: Readable, { signal, counter, hold, tap }: BodyLimits): Buffer {
  if (signal.aborted) throw bodyAborted(signal);
  const bytes: unknown = stream.read();
  const whole = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
  if (counter !== undefined) counter.bytes += whole.length;
  hold?.(whole.length);
  tap?.(whole);
  return whole;
}
