import type { AuditLevel } from "../../call/audit-level.ts";
import type { Access, ClaimPath, RuleValue } from "../../definition/access/types.ts";
import type { SecretRef } from "../key-types-secret.ts";

/** Who may call, and what is asked of callers; meaning of each key: docs/security.md. */
export interface SecurityConfig {
  readonly allowAnonymous: boolean;
  readonly allowInsecureConnections: boolean;
  /** What is shown without credentials, by name. */
  readonly public: readonly ("docs" | "metrics" | "metadata" | "reflection")[];
  readonly authorOverridable: readonly "public"[];
  readonly defaultAuthorization: "authenticated" | "deny";
  readonly issuers: readonly IssuerConfig[];
  readonly apiKeys: ApiKeysConfig | null;
  readonly basic: BasicConfig | null;
  readonly authorization: {
    /** The platform's rules by API; `*` for all. */
    readonly functions: Readonly<Record<string, Access>>;
    readonly rulesFile: string | null;
  };
  readonly ipFilter: IpFilterConfig;
  readonly edgeHeader: { readonly name: string; readonly value: SecretRef } | null;
  readonly failedAuthentications: { readonly rate: number; readonly windowMs: number } | null;
  readonly rateLimits: readonly RateLimitConfig[];
  readonly audit: AuditConfig;
}

/** One issuer as its owner wrote it; times in milliseconds. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly issuerAliases?: readonly string[];
  readonly jwksUri?: string;
  readonly jwksFile?: string;
  readonly discoveryUrl?: string;
  readonly ca?: string;
  readonly fetchTokenFile?: string;
  readonly algorithms?: readonly string[];
  readonly clockSkewMs?: number;
  readonly maxTokenAgeMs?: number;
  readonly maxStaleMs?: number;
  readonly typ?: string;
  readonly acceptIdTokens?: boolean;
  readonly principal?: { readonly claim?: ClaimPath; readonly prefix?: string };
  readonly groupsClaim?: ClaimPath;
  readonly clientIds?: readonly string[];
  readonly requiredClaims?: Readonly<Record<string, readonly RuleValue[]>>;
  readonly requiredForReady?: boolean;
  readonly docs?: {
    readonly clientId: string;
    readonly scopes?: readonly string[];
    readonly parameters?: Readonly<Record<string, string>>;
  };
}

export interface ApiKeysConfig {
  readonly file: string;
  /** Lower case. */
  readonly header: string;
  readonly asBearer: boolean;
}

/** Exactly one of the two places is given. */
export interface BasicConfig {
  readonly htpasswdFile: string | null;
  readonly secretDir: string | null;
  readonly allowWeakHashes: boolean;
}

/** CIDRs; an empty `allow` is every address, `deny` wins. */
export interface AddressRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export interface IpFilterConfig extends AddressRules {
  readonly functions: Readonly<Record<string, AddressRules>>;
  /** Ids of public routes that every address may ask. */
  readonly exempt: readonly string[];
}

/** At most `rate` calls or rows in each window on the whole server, `burst` at once. */
export interface RateLimitConfig {
  readonly rate: number;
  readonly windowMs: number;
  readonly burst: number;
  readonly per: "principal" | "ip" | "function" | "apiKey";
  /** APIs that it counts; null for all. */
  readonly functions: readonly string[] | null;
  readonly cost: "calls" | "rows";
}

export interface AuditConfig {
  /** "stdout", a file path, or null. */
  readonly sink: string | null;
  readonly webhook: AuditWebhookConfig | null;
  readonly level: AuditLevel;
  readonly functions: Readonly<Record<string, AuditLevel>>;
  readonly publicRoutes: boolean;
  /** What happens when a record can't be written: count it, wait a moment for it, or refuse the call. */
  readonly mode: "drop" | "block" | "strict";
}

export interface AuditWebhookConfig {
  readonly url: string;
  /** Value of the `Authorization` header. */
  readonly authorization: SecretRef | null;
  readonly ca: string | null;
  /** Records in one request. */
  readonly batchSize: number;
  readonly batchDelayMs: number;
  readonly timeoutMs: number;
}

/** How connections are secured. */
export interface TlsConfig {
  /** Two files, or a folder with a secret. */
  readonly source:
    | { readonly kind: "files"; readonly certFile: string; readonly keyFile: string }
    | { readonly kind: "secretDir"; readonly secretDir: string };
  readonly keyPassphraseFile: string | null;
  readonly cname: string | null;
  readonly profile: "modern" | "compat";
  readonly clientAuth: "off" | "request" | "require";
  readonly clientCaFile: string | null;
  readonly crlFile: string | null;
  readonly cnFallback: boolean;
  readonly httpRedirectPort: number | null;
  readonly acmeChallengeDir: string | null;
}

/** Which pages of other sites may call; no origins: none. */
export interface CorsConfig {
  readonly origins: readonly string[];
  readonly credentials: boolean;
  readonly exposedHeaders: readonly string[];
  readonly maxAgeMs: number;
}
