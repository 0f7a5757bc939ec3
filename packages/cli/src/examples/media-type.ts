import { extname } from "node:path";
import type { IoSpec } from "@bento-ts/runtime/definition";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".csv": "text/csv",
  ".txt": "text/plain",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".tif": "image/tiff",
  ".tiff": "image/tiff",
  ".avif": "image/avif",
};
const BINARY = "application/octet-stream";

/**
 * The media type in which a file is sent to an API, by the ending of its name; "application/octet-stream" for endings that are not known.
 *
 * APIs of plain bytes or files take any content, so there a `.json` file is content too and not a body in JSON.
 */
export function mediaTypeOfFile(path: string, { kind }: IoSpec): string {
  const type = MEDIA_TYPES[extname(path).toLowerCase()] ?? BINARY;
  return kind === "bytes" || (kind === "file" && type === "application/json") ? BINARY : type;
}
