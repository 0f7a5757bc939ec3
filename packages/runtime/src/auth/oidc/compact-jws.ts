import { refusedToken } from "../bearer-refusal.ts";
import { decodeBase64Url } from "./base64url.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";

/** A token taken apart; nothing of it has been verified. */
export interface CompactJws {
  readonly text: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/** Longest token, in characters. */
const MAX_TOKEN_LENGTH = 16_384;

/**
 * Takes a signed token in the compact form apart: three parts of base64url, an object as header and one as claims.
 *
 * Throws UNAUTHENTICATED for whatever else, encrypted tokens (five parts) and the JSON forms among it. Source: RFC 7515, section 7.1; RFC 7519, section 7.2.
 */
export function parseCompactJws(text: string): CompactJws {
  if (text.length > MAX_TOKEN_LENGTH)
    throw refusedToken("invalid_token", `expected at most ${MAX_TOKEN_LENGTH} characters, got ${text.length}`);
  if (!COMPACT.test(text)) throw refusedToken("invalid_token", "expected three parts of base64url, separated by dots");
  const [header, claims, signature] = text.split(".").map(decodeBase64Url);
  if (header === undefined || claims === undefined || signature === undefined)
    throw refusedToken("invalid_token", "expected base64url as an encoder writes it");
  return { text, header: parsePart(header, "header"), claims: parsePart(claims, "claims") };
}

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

function parsePart(bytes: Uint8Array, name: string): JsonObject {
  const parsed = parseJsonObject(bytes);
  if (parsed === undefined) throw refusedToken("invalid_token", `expected the ${name} to be a JSON object in UTF-8`);
  return parsed;
}
