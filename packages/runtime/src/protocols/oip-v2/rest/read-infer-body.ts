import type { BodyLimits } from "../../../call/body/limits.ts";
import { bodyTooLarge } from "../../../call/body/limits.ts";
import { readBody } from "../../../call/body/read-body.ts";
import type { HttpRequest } from "../../../call/types.ts";
import { quote } from "../../../describe-value.ts";
import { ServingError } from "../../../errors.ts";
import type { InferReading } from "../infer-call.ts";

/** The body of an inference request: its JSON part, and the bytes of tensors behind it. */
export interface InferBody {
  readonly json: Buffer;
  readonly tensors: Buffer;
  /** Whether the body is nothing but one tensor: its JSON part was announced as empty. */
  readonly isRaw: boolean;
}

type Limit = Pick<BodyLimits, "maxBytes" | "limitName">;

/** Largest bodies: of JSON, and with tensors in bytes. */
export interface InferLimits {
  readonly json: Limit;
  readonly binary: Limit;
}

/** Header that says how many bytes of the (decompressed) body are JSON. Source: Triton's binary tensor data extension. */
export const HEADER_LENGTH = "inference-header-content-length";

/** The limit that holds for the body of a request, by whether it brings tensors in bytes. */
export function limitOf(request: Pick<HttpRequest, "headers">, { json, binary }: InferLimits): Limit {
  return request.headers[HEADER_LENGTH] === undefined ? json : binary;
}

/**
 * Reads the body of an inference request, whatever its Content-Type: clients leave it out or differ.
 *
 * Throws as `readBody` does; INVALID_ARGUMENT for a header length that is none or lies behind the body.
 */
export async function readInferBody(
  request: HttpRequest,
  limits: InferLimits,
  reading: InferReading,
): Promise<InferBody> {
  const header = request.headers[HEADER_LENGTH];
  if (header === undefined) {
    const json = await readBody(request, { ...limits.json, ...reading });
    return { json, tensors: Buffer.alloc(0), isRaw: false };
  }
  const jsonBytes = parseLength(header);
  if (jsonBytes > limits.json.maxBytes) throw bodyTooLarge(limits.json, "the JSON part of the body");
  // The first tensor is to start where every element type can stand, so that it need not be copied.
  const body = await readBody(request, { ...limits.binary, ...reading, alignedAt: jsonBytes });
  if (jsonBytes > body.length) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `Inference-Header-Content-Length: ${jsonBytes} bytes are announced as JSON, the body has ${body.length}`,
    );
  }
  return { json: body.subarray(0, jsonBytes), tensors: body.subarray(jsonBytes), isRaw: jsonBytes === 0 };
}

function parseLength(header: string | readonly string[]): number {
  if (typeof header === "string" && /^\d{1,15}$/.test(header)) return Number(header);
  throw new ServingError(
    "INVALID_ARGUMENT",
    `Inference-Header-Content-Length: expected a whole number of bytes, got ${quote(String(header))}`,
  );
}
