import { toServingError } from "../../errors.ts";
import { consumeBody } from "./consume-body.ts";
import type { FormLimits } from "./form-reading.ts";
import type { BodyLimits, BodyParts } from "./limits.ts";
import { assertUtf8, parseMediaType } from "./media-type.ts";
import { openBody, type BodyRequest } from "./open-body.ts";
import { UNKNOWN_MEDIA_TYPE } from "./part-header.ts";
import { Spool } from "./spool.ts";

/** Reads the whole body as one part without a name, as `readParts` reads a part; its media type is the request's. */
export async function rawPart(
  request: BodyRequest,
  limits: BodyLimits & Pick<FormLimits, "spoolFolder">,
): Promise<BodyParts> {
  const mediaType = rawMediaType(request.headers["content-type"]);
  const spool = new Spool(limits.spoolFolder);
  try {
    await consumeBody(openBody(request, limits), limits, (chunk) => spool.write(chunk));
  } catch (cause) {
    await spool.dispose();
    throw toServingError(cause);
  }
  return {
    parts: [{ name: undefined, fileName: undefined, mediaType, content: spool.finish() }],
    dispose: () => spool.dispose(),
  };
}

function rawMediaType(header: string | undefined): string {
  if (header === undefined) return UNKNOWN_MEDIA_TYPE;
  const mediaType = parseMediaType(header);
  assertUtf8(mediaType);
  return mediaType.type;
}
