/** A value that claims are compared with: exactly, by its type. In a text `abc*`, `*abc` and a lone `*` (anything but an empty text) stand for more. */
export type RuleValue = string | number | boolean;

/** A claim by JSON Pointer (RFC 6901) or by the names on the way to it; names with dots and slashes are names like any other. */
export type ClaimPath = string | readonly string[];

/** How callers prove who they are. */
export type AuthMethod = "anonymous" | "oidc" | "apikey" | "basic" | "hmac" | "mtls" | "spiffe";

/** What a caller must be: every key that is given must hold, by any of its values. Source: security.md A3. */
export interface AllowRule {
  readonly principals?: readonly string[];
  readonly groups?: readonly string[];
  readonly scopes?: readonly string[];
  readonly clients?: readonly string[];
  /** Byte for byte; no wildcards. */
  readonly issuer?: string | readonly string[];
  readonly methods?: readonly AuthMethod[];
  /** The claim that the tests below are about. */
  readonly claim?: ClaimPath;
  /** One of the claim's values is one of these. */
  readonly anyOf?: readonly RuleValue[];
  /** Each of these is one of the claim's values. */
  readonly allOf?: readonly RuleValue[];
  /** The claim is there and not null. */
  readonly exists?: boolean;
  readonly prefix?: string;
  readonly suffix?: string;
  /** Smallest number, included. */
  readonly gte?: number;
  /** Largest number, included. */
  readonly lte?: number;
}

/** What a caller must not be. What begins with `not` holds where none of the values fits, also where the caller has no such thing at all. */
export interface DenyRule extends AllowRule {
  readonly notPrincipals?: readonly string[];
  readonly notGroups?: readonly string[];
  readonly notScopes?: readonly string[];
  readonly notClients?: readonly string[];
  readonly notIssuer?: string | readonly string[];
  readonly notMethods?: readonly AuthMethod[];
  readonly notAnyOf?: readonly RuleValue[];
}

/**
 * Who may call: none of `deny` must match, then one of `allow` must. A list that is there and empty lets nobody in; without lists every caller who has proved
 * who they are may call.
 */
export interface Access {
  readonly allow?: readonly AllowRule[];
  readonly deny?: readonly DenyRule[];
}

/** Rules of a function, or that everybody may call it, which the platform has to let authors say (`security.authorOverridable: [public]`). */
export type Authorize = Access | "public";
