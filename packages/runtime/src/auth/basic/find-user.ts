import { authorizationField } from "../authorization-field.ts";
import { BASIC_CHALLENGE, refusedCredential } from "../credential-refusal.ts";
import type { Caller } from "../types.ts";
import type { UserPassword } from "./types.ts";

/** bcrypt reads no more; a longer password would be as good as its beginning. */
export const MAX_PASSWORD_BYTES = 72;

/**
 * The `user:password` of an `Authorization: Basic` field, undefined when there is no such field.
 *
 * Throws UNAUTHENTICATED for two fields, and for what is not the base64 of such a text: strict base64, UTF-8, a user, a colon, a password of 1 to 72 bytes, no
 * control characters. Source: RFC 7617, section 2; security.md A6.
 */
export function findUser(caller: Pick<Caller, "valuesOf">): string | undefined {
  const field = authorizationField(caller);
  if (field === "several")
    throw refusedCredential("ambiguous_credentials", BASIC_CHALLENGE, "expected one authorization field");
  if (field?.scheme !== "basic") return undefined;
  const text = decode(field.credentials);
  if (text === undefined) throw refused("expected the base64 of a text in UTF-8");
  if (/[\u0000-\u001f\u007f]/.test(text)) throw refused("expected no control characters");
  const { user, password } = splitUser(text);
  if (user === "" || password === "") throw refused("expected user:password");
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES)
    throw refused(`expected a password of at most ${MAX_PASSWORD_BYTES} bytes`);
  return text;
}

/** The two parts of `user:password`: a password may hold colons, a user can't. */
export function splitUser(text: string): UserPassword {
  const colon = text.indexOf(":");
  return colon < 0 ? { user: "", password: "" } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Node's decoder takes what no encoder writes: what it gives must encode to the same text. */
function decode(credentials: string): string | undefined {
  const bytes = Buffer.from(credentials, "base64");
  if (bytes.toString("base64") !== credentials) return undefined;
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    // Which byte was wrong is of no use to anyone.
    return undefined;
  }
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function refused(detail: string): Error {
  return refusedCredential("invalid_credentials", BASIC_CHALLENGE, detail);
}
