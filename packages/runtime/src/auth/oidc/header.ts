import { refusedToken } from "../bearer-refusal.ts";
import { type Algorithm, isAlgorithm } from "./algorithms.ts";
import type { JsonObject } from "./json-object.ts";
import type { TokenRules } from "./types.ts";

/** What of a header chooses the key. */
export interface KeyRequest {
  readonly alg: Algorithm;
  readonly kid: string | undefined;
}

/**
 * Checks a token's header before any key is looked for; throws UNAUTHENTICATED.
 *
 * Whatever would let the token bring its own key, change how it is read or demand an extension is refused by its presence. Source: RFC 8725, section 3;
 * RFC 7515, section 4.1.
 */
export function checkHeader(
  header: JsonObject,
  rules: Pick<TokenRules, "algorithms" | "isAccessTokenOnly">,
): KeyRequest {
  const refused = REFUSED_PARAMETERS.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined) throw refusedToken("invalid_token", `header: ${refused} is not taken`);
  const alg = own(header, "alg");
  if (!isAlgorithm(alg) || !rules.algorithms.has(alg))
    throw refusedToken("invalid_token", `header: alg is none of ${[...rules.algorithms].join(", ")}`);
  const kid = own(header, "kid");
  if (kid !== undefined && (typeof kid !== "string" || kid === "" || kid.length > MAX_KID))
    throw refusedToken("invalid_token", `header: expected kid to be text of 1 to ${MAX_KID} characters`);
  checkType(own(header, "typ"), rules.isAccessTokenOnly);
  return { alg, kid };
}

/** A member that is the object's own. */
export function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

const MAX_KID = 256;

/** `enc` marks an encrypted token. */
const REFUSED_PARAMETERS = ["jwk", "jku", "x5u", "x5c", "zip", "b64", "crit", "enc"] as const;

/** Media types compare without case, and `application/` may be left out. Source: RFC 7515, section 4.1.9; RFC 9068, section 4. */
const ACCESS_TOKEN_TYPES: ReadonlySet<unknown> = new Set(["at+jwt", "application/at+jwt"]);
const TYPES: ReadonlySet<unknown> = new Set([undefined, "jwt", ...ACCESS_TOKEN_TYPES]);

function checkType(typ: unknown, isAccessTokenOnly: boolean): void {
  const name = typeof typ === "string" ? typ.toLowerCase() : typ;
  if (!(isAccessTokenOnly ? ACCESS_TOKEN_TYPES : TYPES).has(name))
    throw refusedToken("invalid_token", `header: expected typ ${isAccessTokenOnly ? "at+jwt" : "JWT or at+jwt"}`);
}
