import type { Principal, Target } from "../call/types.ts";
import { ServingError } from "../errors.ts";
import { missingCredentials } from "./authenticate.ts";
import type { Policy } from "./rules/policy.ts";

/** What was decided of a call: by which clause, and the error to refuse it with. */
export interface Verdict {
  readonly clause: string;
  readonly refusal: ServingError | undefined;
}

/** Decides who may call what. */
export interface Authorizer {
  /** Whether a caller may call a target. Throws nothing. */
  decide(principal: Principal, target: Target): Verdict;
  /** Whether a caller may call anything at all: the bodies of those who may not are not read to learn what they call. */
  decideAny(principal: Principal): Verdict;
  /** Throws UNAUTHENTICATED for who has shown no credential, unless those are served: they are told of nothing but of what is open to everybody. */
  assertKnown(principal: Principal): void;
}

const BY_DEFAULT: Verdict = { clause: "default", refusal: undefined };

/** For services without rules: whoever was authenticated may call every API. */
export const LET_IN: Authorizer = {
  decide: () => BY_DEFAULT,
  decideAny: () => BY_DEFAULT,
  assertKnown: () => undefined,
};

/**
 * Decides by the rules of platform and author.
 *
 * Refusals tell nothing of the rules. Who has shown no credential is asked for one where that could help (401), whoever has is refused (403).
 * Source: security.md A3, A4.
 */
export function createAuthorizer(options: {
  readonly policy: Policy;
  /** Names of the service's APIs. */
  readonly apis: readonly string[];
  /** Whether callers without credentials are served; they may call public functions anyway. */
  readonly allowAnonymous: boolean;
  /** Values of `WWW-Authenticate`; none where nobody is asked for credentials. */
  readonly challenges: readonly string[];
}): Authorizer {
  const { policy, apis, allowAnonymous, challenges } = options;
  const isUnknown = ({ method }: Principal): boolean => method === "anonymous" && !allowAnonymous;
  const decide = (principal: Principal, api: string): Verdict => {
    if (isUnknown(principal) && !policy.isPublic(api))
      return { clause: "default", refusal: missingCredentials(challenges) };
    const { allowed, clause } = policy.decide(api, principal);
    if (allowed) return { clause, refusal: undefined };
    const isAsked = principal.method === "anonymous" && challenges.length > 0;
    return { clause, refusal: isAsked ? missingCredentials(challenges) : notAllowed(principal) };
  };
  return {
    decide: (principal, { api }) => decide(principal, api.name),
    decideAny: (principal) => {
      const verdicts = apis.map((api) => decide(principal, api));
      return verdicts.find(({ refusal }) => refusal === undefined) ?? verdicts[0] ?? BY_DEFAULT;
    },
    assertKnown: (principal) => {
      if (isUnknown(principal)) throw missingCredentials(challenges);
    },
  };
}

function notAllowed({ method }: Principal): ServingError {
  return new ServingError("PERMISSION_DENIED", "this caller may not call this function", {
    reason: "policy_denied",
    // RFC 6750, section 3.1. Which scope would be enough is a part of the rules, and not told.
    challenge: method === "oidc" ? ['Bearer realm="bento-ts", error="insufficient_scope"'] : [],
  });
}
