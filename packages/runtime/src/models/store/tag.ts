import { ServingError } from "../../errors.ts";

/** Name and version of something stored; without a version the newest is meant. */
export interface ModelTag {
  readonly name: string;
  readonly version: string | undefined;
}

/** Whether a text has the form of a tag with a version; paths and URLs have not. */
export function isTag(text: string): boolean {
  const [name = "", version = "", ...rest] = text.split(":");
  return PART.test(name) && PART.test(version) && rest.length === 0;
}

/**
 * Parses `name:version`, `name:latest` or `name`. Both parts are `[a-z0-9][a-z0-9._-]*`, at most 128 characters: they are file names on
 * every system. Throws INVALID_ARGUMENT otherwise.
 */
export function parseTag(text: string): ModelTag {
  const [name = "", version, ...rest] = text.split(":");
  if (!PART.test(name) || (version !== undefined && !PART.test(version)) || rest.length > 0) throw wrongTag(text);
  return { name, version: version === LATEST ? undefined : version };
}

/** As `parseTag`, for a tag that must name one version. */
export function parseExactTag(text: string): { readonly name: string; readonly version: string } {
  const { name, version } = parseTag(text);
  if (version === undefined)
    throw new ServingError("INVALID_ARGUMENT", `"${text}": expected a tag with its version, such as ${name}:1.0.0`);
  return { name, version };
}

const PART = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const LATEST = "latest";

function wrongTag(text: string): ServingError {
  return new ServingError(
    "INVALID_ARGUMENT",
    `expected a tag name:version of lower-case letters, digits, ".", "_" and "-", such as fraud:1.0.0, got ${JSON.stringify(text.slice(0, 200))}`,
  );
}
