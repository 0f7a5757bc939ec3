import type { Principal } from "../../call/types.ts";
import { refusedToken } from "../bearer-refusal.ts";
import { claimAt } from "../claim-path.ts";
import { isUnprovedEmail } from "../email-proof.ts";
import { KEY_NAME } from "../key-name.ts";
import { clientOf } from "./claims.ts";
import { own } from "./header.ts";
import type { JsonObject } from "./json-object.ts";
import type { PrincipalRules } from "./types.ts";

/** What of a token is not in its claims. */
export interface TokenFacts {
  readonly expiresAtMs: number;
  /** SHA-256 of the token in hex. */
  readonly digest: string;
}

/** Who a token speaks for; its claims are checked. Throws UNAUTHENTICATED when the claim that names the caller does not. */
export function toPrincipal(claims: JsonObject, rules: PrincipalRules, facts: TokenFacts): Principal {
  const name = claimAt(claims, rules.claim);
  if (typeof name !== "string" || name === "" || !name.isWellFormed())
    throw refusedToken("invalid_token", `${rules.claim.join("/")}: expected text that names the caller`);
  if (isUnprovedEmail(claims, rules.claim))
    throw refusedToken("invalid_token", "email_verified: the address that names the caller is not verified");
  // Issuers let people choose names: one with a key's name would pass for it in rules that name the key.
  if ((rules.prefix + name).startsWith(KEY_NAME))
    throw refusedToken(
      "invalid_token",
      `${rules.claim.join("/")}: names that begin with ${KEY_NAME} are those of API keys`,
    );
  const jti = own(claims, "jti");
  return Object.freeze({
    name: rules.prefix + name,
    issuer: rules.issuer,
    method: "oidc",
    groups: rules.groupsClaim === undefined ? NONE : textsOf(claimAt(claims, rules.groupsClaim)),
    scopes: scopesOf(claims),
    clientId: clientOf(claims),
    credentialId: typeof jti === "string" && jti !== "" ? jti : facts.digest.slice(0, 16),
    claims,
    expiresAtMs: facts.expiresAtMs,
  });
}

const NONE: readonly string[] = Object.freeze([]);

/** A text or the texts of a list: anything else names no group. */
function textsOf(claim: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return Object.freeze(values.filter((value): value is string => typeof value === "string" && value !== ""));
}

/** `scope` is a text with single spaces (RFC 8693, section 4.2), `scp` a list or such a text. */
function scopesOf(claims: JsonObject): readonly string[] {
  const scp = own(claims, "scp");
  const values: readonly unknown[] = [own(claims, "scope"), ...(Array.isArray(scp) ? [] : [scp])];
  const split = values.flatMap((value) => (typeof value === "string" ? value.split(" ") : []));
  return textsOf([...split, ...(Array.isArray(scp) ? scp : [])]);
}
