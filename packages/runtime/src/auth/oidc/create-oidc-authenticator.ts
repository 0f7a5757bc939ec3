import { hash } from "node:crypto";
import type { Principal } from "../../call/types.ts";
import { BEARER_CHALLENGE, refusedToken } from "../bearer-refusal.ts";
import { SYSTEM_CLOCK } from "../system-clock.ts";
import type { Authenticator, Clock } from "../types.ts";
import { checkClaims } from "./claims.ts";
import { parseCompactJws } from "./compact-jws.ts";
import { type FetchDocument, fetchDocument } from "./fetch-document.ts";
import { findBearer } from "./find-bearer.ts";
import { checkHeader, own } from "./header.ts";
import { type KeyEvent, KeySource } from "./key-source.ts";
import { loadKeys, type Look } from "./load-keys.ts";
import { TokenCache, type TokenCacheLimits } from "./token-cache.ts";
import type { TokenStep } from "./token-steps.ts";
import { toPrincipal } from "./to-principal.ts";
import type { ResolvedIssuer } from "./types.ts";
import { verifySignature } from "./verify-signature.ts";

/** Authenticates by tokens of OIDC issuers; holds their keys until it is closed. */
export interface OidcAuthenticator extends Authenticator {
  readonly method: "oidc";
  /** Settles after the first look for the keys of each issuer, whatever came of it; never rejects. */
  readonly firstLook: Promise<void>;
  /** Whether the keys of each issuer that must be there were loaded once. */
  isReady(): boolean;
  /** Looks for the keys of all issuers now. */
  lookForKeys(): void;
  close(): void;
}

export interface OidcAuthenticatorOptions {
  readonly issuers: readonly ResolvedIssuer[];
  readonly onKeyEvent: (event: KeyEvent) => void;
  /** Bearer tokens that another authenticator takes. */
  readonly leaves?: (token: string) => boolean;
  /** Told of each step that a token which is not in the cache has passed. */
  readonly onStep?: (step: TokenStep) => void;
  readonly cache?: TokenCacheLimits;
  readonly clock?: Clock;
  readonly fetch?: FetchDocument;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Enough for 10,000 callers a minute with short-lived tokens, in at most some tens of megabytes of claims. */
const DEFAULT_CACHE: TokenCacheLimits = { maxTokens: 10_000, maxSize: 16 * 1024 * 1024 };

interface Entry {
  readonly issuer: ResolvedIssuer;
  readonly source: KeySource;
}

/** A verified token's caller and the keys on which that rests. */
interface Verified {
  readonly principal: Principal;
  readonly source: KeySource;
}

/** Starts to look for the keys of all issuers and verifies tokens by them. Source: security.md A2. */
export function createOidcAuthenticator(options: OidcAuthenticatorOptions): OidcAuthenticator {
  const { clock = SYSTEM_CLOCK, fetch = fetchDocument, random = Math.random, onStep } = options;
  const cache = new TokenCache<Verified>(options.cache ?? DEFAULT_CACHE);
  const onEvent = (event: KeyEvent): void => {
    if (event.kind === "loaded") for (const key of event.gone) cache.dropKey(key.id);
    options.onKeyEvent(event);
  };
  const entries = options.issuers.map((issuer): Entry => {
    const load = (look: Look): ReturnType<typeof loadKeys> => loadKeys(issuer.keys, fetch, look);
    const { maxStaleMs } = issuer.keys;
    return { issuer, source: new KeySource({ issuer: issuer.issuer, load, maxStaleMs, clock, random, onEvent }) };
  });
  const byName = new Map<unknown, Entry>(
    entries.flatMap((entry) => entry.issuer.names.map((name) => [name, entry] as const)),
  );
  return {
    method: "oidc",
    challenge: BEARER_CHALLENGE,
    firstLook: Promise.all(entries.map(({ source }) => source.look())).then(() => undefined),
    find: (caller) => {
      const token = findBearer(caller);
      return token === undefined || options.leaves?.(token) === true ? undefined : token;
    },
    verify: (token) => {
      const digest = hash("sha256", token, "hex");
      const hit = cache.get(digest, clock.now());
      if (hit === undefined) return () => verifyNew({ token, digest, byName, clock, cache, onStep });
      // Keys that were kept too long carry no token, verified before or not.
      hit.source.current();
      return hit.principal;
    },
    isReady: () => entries.every(({ issuer, source }) => !issuer.requiredForReady || source.hasLoaded),
    lookForKeys: () => {
      for (const { source } of entries) void source.look();
    },
    close: () => {
      for (const { source } of entries) source.close();
    },
  };
}

interface NewToken {
  readonly token: string;
  readonly digest: string;
  readonly byName: ReadonlyMap<unknown, Entry>;
  readonly clock: Clock;
  readonly cache: TokenCache<Verified>;
  readonly onStep: OidcAuthenticatorOptions["onStep"];
}

async function verifyNew({ token, digest, byName, clock, cache, onStep }: NewToken): Promise<Principal> {
  const jws = parseCompactJws(token);
  onStep?.("form");
  const entry = byName.get(own(jws.claims, "iss"));
  if (entry === undefined) throw refusedToken("unknown_issuer", "iss: none of the configured issuers");
  onStep?.("issuer");
  const { issuer, source } = entry;
  const request = checkHeader(jws.header, issuer.token);
  onStep?.("header");
  const key = await verifySignature(token, request, source);
  onStep?.("signature");
  const nowMs = clock.now();
  const { expiresAtMs } = checkClaims(jws.claims, issuer.token, nowMs);
  onStep?.("claims");
  const principal = toPrincipal(jws.claims, issuer.principal, { expiresAtMs, digest });
  onStep?.("principal");
  // The key may have left while the signature was verified; nothing is awaited between this look and the cache.
  if (!source.holds(key)) throw refusedToken("unknown_key", "the key left the issuer's set");
  const value = { principal, source };
  if (expiresAtMs > nowMs) cache.put(digest, { value, keyId: key.id, expiresAtMs, size: token.length });
  return principal;
}
