import { ServingError, toServingError } from "../../errors.ts";
import { consumeBody } from "./consume-body.ts";
import type { FormLimits } from "./form-reading.ts";
import type { BodyLimits, BodyParts } from "./limits.ts";
import { parseMediaType } from "./media-type.ts";
import { openBody, type BodyRequest } from "./open-body.ts";

/**
 * Reads a `multipart/form-data` body: its parts in order, each in memory up to 1 MiB and in a temporary file past that.
 *
 * Throws as `readBody` does; INVALID_ARGUMENT for what is not a whole form (no boundary, cut short, a header without name, more than 100 parts, a name past
 * 1 KiB), UNAVAILABLE when the temporary folder can't be written. After a failure nothing is left behind.
 */
export async function readParts(request: BodyRequest, limits: BodyLimits & FormLimits): Promise<BodyParts> {
  // With the first form: few services take any, and the parser takes its time to load.
  const { FormReading } = await import("./form-reading.ts");
  const form = new FormReading(boundaryOf(request.headers["content-type"]), limits);
  try {
    await consumeBody(openBody(request, limits), limits, (chunk) => form.write(chunk));
    return { parts: await form.end(), dispose: () => form.dispose() };
  } catch (cause) {
    await form.dispose();
    throw toServingError(cause);
  }
}

function boundaryOf(header: string | undefined): string {
  const { type, parameters } = parseMediaType(header ?? "");
  if (type !== "multipart/form-data")
    throw new ServingError("UNSUPPORTED_MEDIA_TYPE", "expected a body of type multipart/form-data");
  const boundary = parameters.get("boundary");
  // RFC 2046, section 5.1.1: 1 to 70 characters, not ending in a space.
  if (boundary !== undefined && /^[\x21-\x7e ]{0,69}[\x21-\x7e]$/.test(boundary)) return boundary;
  throw new ServingError(
    "INVALID_ARGUMENT",
    "the content type multipart/form-data needs a boundary of 1 to 70 characters",
  );
}
