import type { ClaimPath, RuleValue } from "../../definition/access/types.ts";
import type { Algorithm } from "./algorithms.ts";

/** One issuer whose tokens are taken, as its owner writes it. Times in milliseconds. Source: security.md A2. */
export interface IssuerOptions {
  /** The token's `iss`, byte for byte. */
  readonly issuer: string;
  /** Other values of `iss` that mean this issuer. */
  readonly issuerAliases?: readonly string[];
  /** The token's `aud` holds one of these. */
  readonly audiences: readonly string[];
  /** Where the keys are: one of the three; by discovery at the issuer's well-known address unless given. */
  readonly jwksUri?: string;
  readonly jwksFile?: string;
  readonly discoveryUrl?: string;
  /** PEM file of the authorities that the issuer's certificate is checked against, in place of the system's. */
  readonly ca?: string;
  /** File of a token sent as `Authorization: Bearer` to the configured address, read at each fetch. */
  readonly fetchTokenFile?: string;
  readonly algorithms?: readonly string[];
  /** 60 s unless given, 300 s at most. */
  readonly clockSkewMs?: number;
  /** Longest `exp` − `iat`. */
  readonly maxTokenAgeMs?: number;
  /** How long keys serve after they ended when the issuer can't be reached; 24 h unless given. */
  readonly maxStaleMs?: number;
  /** `at+jwt`: tokens of RFC 9068 alone. */
  readonly typ?: string;
  readonly acceptIdTokens?: boolean;
  readonly principal?: { readonly claim?: ClaimPath; readonly prefix?: string };
  readonly groupsClaim?: ClaimPath;
  /** Programs (`azp`, `client_id`) that tokens may be issued to. */
  readonly clientIds?: readonly string[];
  /** Claims by name or JSON Pointer, each with the values of which it must hold one. */
  readonly requiredClaims?: Readonly<Record<string, RuleValue | readonly RuleValue[]>>;
  /** Whether the server is not ready before this issuer's keys were loaded; yes unless given. */
  readonly requiredForReady?: boolean;
  /** How readers of the documentation page sign in with it. */
  readonly docs?: {
    /** The page's own client id: a public client, with PKCE. */
    readonly clientId: string;
    /** `openid` unless given. */
    readonly scopes?: readonly string[];
    /** What else the issuer wants to be asked with, such as `audience` or `resource`. */
    readonly parameters?: Readonly<Record<string, string>>;
  };
}

/** Where an issuer's keys come from. */
export type KeyLocation =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "discovery"; readonly url: string; readonly issuer: string };

/** A required claim: the path's names and the values of which one must be there. */
export interface RequiredClaim {
  readonly path: readonly string[];
  readonly anyOf: readonly RuleValue[];
}

/** What a token must show besides its signature. */
export interface TokenRules {
  readonly algorithms: ReadonlySet<Algorithm>;
  readonly audiences: ReadonlySet<string>;
  readonly clockSkewMs: number;
  readonly maxTokenAgeMs: number | undefined;
  readonly isAccessTokenOnly: boolean;
  readonly acceptIdTokens: boolean;
  readonly clientIds: ReadonlySet<string> | undefined;
  readonly requiredClaims: readonly RequiredClaim[];
}

/** How a token's claims become a principal. */
export interface PrincipalRules {
  readonly issuer: string;
  readonly prefix: string;
  readonly claim: readonly string[];
  readonly groupsClaim: readonly string[] | undefined;
}

/** The documentation page as a client of an issuer. */
export interface DocsClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  /** Where the issuer tells of its endpoints. */
  readonly discoveryUrl: string;
}

/** One issuer with every choice made. */
export interface ResolvedIssuer {
  readonly issuer: string;
  /** Every `iss` that means it. */
  readonly names: readonly string[];
  readonly keys: {
    readonly location: KeyLocation;
    readonly caFile: string | undefined;
    readonly tokenFile: string | undefined;
    readonly maxStaleMs: number;
  };
  readonly requiredForReady: boolean;
  /** How readers of the documentation page sign in; undefined where they don't. */
  readonly docs: DocsClient | undefined;
  readonly token: TokenRules;
  readonly principal: PrincipalRules;
}
