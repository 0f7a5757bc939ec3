import { refusedToken } from "../bearer-refusal.ts";
import { claimAt, holdsOneOf } from "../claim-path.ts";
import { own } from "./header.ts";
import type { JsonObject } from "./json-object.ts";
import type { TokenRules } from "./types.ts";

/**
 * Checks the claims of a token whose signature is verified; gives its end in epoch milliseconds.
 *
 * Throws UNAUTHENTICATED, or PERMISSION_DENIED for a good token of a program or with claims that the issuer's entry does not allow. Source: RFC 7519, section 4.1;
 * RFC 9068, section 4; security.md A2.
 */
export function checkClaims(claims: JsonObject, rules: TokenRules, nowMs: number): { readonly expiresAtMs: number } {
  checkKind(claims, rules);
  const expiresAtMs = checkTimes(claims, rules, nowMs);
  checkAudience(own(claims, "aud"), rules.audiences);
  const sub = own(claims, "sub");
  if (sub !== undefined && typeof sub !== "string")
    throw refusedToken("invalid_token", `sub: expected text, got ${kindOf(sub)}`);
  checkClient(claims, rules.clientIds);
  const missing = rules.requiredClaims.find(({ path, anyOf }) => !holdsOneOf(claimAt(claims, path), anyOf));
  if (missing !== undefined) throw refusedToken("policy_denied", `${missing.path.join("/")}: not a required value`);
  return { expiresAtMs };
}

/** The program that a token was issued to. */
export function clientOf(claims: JsonObject): string | undefined {
  const client = own(claims, "azp") ?? own(claims, "client_id");
  return typeof client === "string" ? client : undefined;
}

/** Tokens made for other ends must not pass as access tokens. */
function checkKind(claims: JsonObject, rules: TokenRules): void {
  if (Object.hasOwn(claims, "cnf"))
    throw refusedToken("invalid_token", "cnf: the token is bound to a key whose possession is not shown");
  // Security events and logout tokens (RFC 8417, section 4.1) may carry issuer, audience and subject as well.
  if (Object.hasOwn(claims, "events")) throw refusedToken("invalid_token", "events: a security event is no credential");
  const typ = own(claims, "typ");
  const kind = typeof typ === "string" ? typ.toLowerCase() : undefined;
  if (kind !== undefined && OTHER_KINDS.has(kind))
    throw refusedToken("invalid_token", "typ: a token made for another end");
  const isIdToken = kind === "id" || ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name));
  if (isIdToken && !rules.acceptIdTokens)
    throw refusedToken("invalid_token", "an ID token tells a client who signed in, it gives no access");
  const absent = rules.isAccessTokenOnly
    ? ACCESS_TOKEN_CLAIMS.find((name) => typeof own(claims, name) !== "string")
    : undefined;
  if (absent !== undefined) throw refusedToken("invalid_token", `${absent}: expected in a token of RFC 9068`);
}

const ID_TOKEN_CLAIMS = ["nonce", "at_hash", "c_hash", "s_hash"] as const;
/** Names by which Keycloak tells its other tokens apart. */
const OTHER_KINDS: ReadonlySet<string> = new Set(["refresh", "offline", "logout"]);
/** Besides `iss`, `exp` and `aud`, which every token must show; `iat` is checked with the times. Source: RFC 9068, section 2.2. */
const ACCESS_TOKEN_CLAIMS = ["sub", "client_id", "jti"] as const;

function checkTimes(claims: JsonObject, rules: TokenRules, nowMs: number): number {
  const { clockSkewMs, maxTokenAgeMs } = rules;
  const exp = timeOf(claims, "exp");
  const nbf = timeOf(claims, "nbf");
  const iat = timeOf(claims, "iat");
  if (exp === undefined) throw refusedToken("invalid_token", "exp: missing");
  if (exp <= nowMs - clockSkewMs) throw refusedToken("expired", "exp: in the past");
  if (nbf !== undefined && nbf > nowMs + clockSkewMs) throw refusedToken("not_yet_valid", "nbf: in the future");
  if (iat !== undefined && iat > nowMs + clockSkewMs) throw refusedToken("not_yet_valid", "iat: in the future");
  if (iat === undefined && (maxTokenAgeMs !== undefined || rules.isAccessTokenOnly))
    throw refusedToken("invalid_token", "iat: missing");
  if (maxTokenAgeMs !== undefined && iat !== undefined && exp - iat > maxTokenAgeMs)
    throw refusedToken("invalid_token", `exp: more than ${maxTokenAgeMs} ms after iat`);
  return exp;
}

/** Epoch milliseconds; a claim that is there must be a finite number of seconds: `1e400` reads as infinity. */
function timeOf(claims: JsonObject, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const seconds = claims[name];
  const ms = typeof seconds === "number" ? seconds * 1000 : Number.NaN;
  if (!Number.isFinite(ms)) throw refusedToken("invalid_token", `${name}: expected a finite number of seconds`);
  return ms;
}

function checkAudience(aud: unknown, audiences: ReadonlySet<string>): void {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.every((name) => typeof name === "string") || !named.some((name) => audiences.has(name)))
    throw refusedToken("wrong_audience", "aud: names none of the audiences of this server");
}

/** Each of the two that is there must be listed: a token that names two programs is not for the one alone. */
function checkClient(claims: JsonObject, clientIds: ReadonlySet<string> | undefined): void {
  if (clientIds === undefined) return;
  const named = ["azp", "client_id"].filter((name) => Object.hasOwn(claims, name)).map((name) => claims[name]);
  if (named.length === 0 || !named.every((client) => typeof client === "string" && clientIds.has(client)))
    throw refusedToken("policy_denied", "azp, client_id: not one of the listed programs");
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
}
