import { refusedToken } from "../bearer-refusal.ts";
import type { Caller } from "../types.ts";

/**
 * The token of an `Authorization: Bearer` field, undefined when there is no such field or it is of another scheme.
 *
 * Throws UNAUTHENTICATED for two fields, whatever their schemes, and for a Bearer field without one token. No other header, cookie, query or form is looked at.
 * Source: RFC 6750, section 2.1; RFC 9110, section 11.4.
 */
export function findBearer(caller: Pick<Caller, "valuesOf">): string | undefined {
  const fields = caller.valuesOf("authorization");
  const [field] = fields;
  if (field === undefined) return undefined;
  if (fields.length > 1)
    throw refusedToken("ambiguous_credentials", `expected one authorization field, got ${fields.length}`);
  const [scheme = ""] = SCHEME.exec(field) ?? [];
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const [, token] = TOKEN.exec(field.slice(scheme.length)) ?? [];
  if (token === undefined) throw refusedToken("invalid_token", "authorization: expected one token after the scheme");
  return token;
}

const SCHEME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/;
const TOKEN = /^ +([A-Za-z0-9._~+/-]+=*)$/;
