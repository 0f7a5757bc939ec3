import { isUtf8 } from "node:buffer";
import { invalidInput, type ServingError } from "../../errors.ts";
import type { Part } from "../../io/types.ts";
import { readHeaderParameters } from "./header-parameters.ts";
import { assertUtf8, parseMediaType } from "./media-type.ts";

/** What the header of one part of a form says. */
export type PartHeader = Pick<Part, "name" | "fileName" | "mediaType"> & { readonly name: string };

/** Longest name of a field, in bytes of UTF-8. */
const MAX_NAME_BYTES = 1024;

/** Media type of what came without one. */
export const UNKNOWN_MEDIA_TYPE = "application/octet-stream";

/**
 * Reads the header of a part: name, file name without folders, media type.
 *
 * `fields` holds each header's values as Latin-1 text by lower-case name. Throws INVALID_ARGUMENT naming the part by its position, from 1 on.
 * Source: RFC 7578, sections 4.2 to 4.7 (`filename*` and transfer encodings don't belong in forms).
 */
export function parsePartHeader(fields: ReadonlyMap<string, readonly string[]>, position: number): PartHeader {
  const disposition = parseDisposition(fields.get("content-disposition"), position);
  const name = disposition.get("name");
  if (name === undefined) throw badPart(position, "its Content-Disposition has no name");
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw badPart(position, `its name has more than ${MAX_NAME_BYTES} bytes`);
  const encoding = fields.get("content-transfer-encoding")?.[0]?.trim().toLowerCase() ?? "binary";
  if (!["binary", "7bit", "8bit"].includes(encoding))
    throw badPart(position, "its Content-Transfer-Encoding is not understood: send plain bytes");
  const fileName = disposition.get("filename")?.split(/[/\\]/).at(-1);
  return { name, fileName, mediaType: mediaTypeOf(fields.get("content-type")?.[0]) };
}

/** An INVALID_ARGUMENT about the form's part at a position, from 1 on. */
export function badPart(position: number, message: string): ServingError {
  return invalidInput([{ path: "", message: `part ${position} of the form: ${message}` }]);
}

function parseDisposition(values: readonly string[] | undefined, position: number): ReadonlyMap<string, string> {
  const [value, second] = values ?? [];
  if (value === undefined || second !== undefined)
    throw badPart(position, "expected a header with one Content-Disposition");
  const bytes = Buffer.from(value, "latin1");
  if (!isUtf8(bytes)) throw badPart(position, "its Content-Disposition is not UTF-8");
  const text = bytes.toString("utf8").trim();
  const type = /^form-data(?![^\s;])/i.exec(text);
  const rest = type === null ? undefined : readHeaderParameters(text, type[0].length);
  if (rest === undefined || rest.end !== text.length)
    throw badPart(position, 'expected Content-Disposition: form-data; name="…"');
  return rest.parameters;
}

function mediaTypeOf(header: string | undefined): string {
  if (header === undefined) return UNKNOWN_MEDIA_TYPE;
  const mediaType = parseMediaType(header);
  assertUtf8(mediaType);
  return mediaType.type;
}
