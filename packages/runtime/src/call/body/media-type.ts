import { ServingError } from "../../errors.ts";
import { readHeaderParameters, TOKEN_PATTERN } from "./header-parameters.ts";

/** A media type as a header names it: `type` in lower case without parameters; their names in lower case, values as they came. */
export interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TYPE = new RegExp(`[ \\t]*(${TOKEN_PATTERN}/${TOKEN_PATTERN})`, "y");
const UTF8_CHARSETS: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/**
 * Reads the value of a `Content-Type` header.
 *
 * Throws UNSUPPORTED_MEDIA_TYPE when it is not exactly one media type. Source: RFC 9110, section 8.3.1.
 */
export function parseMediaType(header: string): MediaType {
  TYPE.lastIndex = 0;
  const type = TYPE.exec(header)?.[1];
  const rest = type === undefined ? undefined : readHeaderParameters(header, TYPE.lastIndex);
  if (type === undefined || rest === undefined || header.slice(rest.end).trim() !== "") {
    throw new ServingError(
      "UNSUPPORTED_MEDIA_TYPE",
      "the content type is not readable: expected Content-Type: type/subtype; name=value",
    );
  }
  return { type: type.toLowerCase(), parameters: rest.parameters };
}

/** Throws UNSUPPORTED_MEDIA_TYPE when a media type announces text in another character set than UTF-8. */
export function assertUtf8({ type, parameters }: MediaType): void {
  const charset = parameters.get("charset");
  if (charset === undefined || UTF8_CHARSETS.has(charset.toLowerCase())) return;
  throw new ServingError("UNSUPPORTED_MEDIA_TYPE", `the charset of ${type} must be utf-8, no other is understood`);
}
