import { type RefusalReason, ServingError } from "../errors.ts";

/** Why a bearer token is refused. */
export type TokenFault = keyof typeof ROWS;

/**
 * The error for a bearer token that is refused. Callers read one of a few fixed texts (security.md A4); `detail` goes to the log only.
 *
 * A token of a wrong form and one with a wrong signature read the same, lest the answer help to forge one.
 */
export function refusedToken(fault: TokenFault, detail: string, cause?: unknown): ServingError {
  const { code, error, text } = ROWS[fault];
  const challenge = error === undefined ? [] : [`${BEARER_CHALLENGE}, error="${error}", error_description="${text}"`];
  return new ServingError(code, text, {
    reason: fault,
    challenge,
    details: { detail },
    cause,
    ...(code === "UNAVAILABLE" ? { retryAfterSeconds: KEYS_RETRY_AFTER_SECONDS } : {}),
  });
}

/** The value of `WWW-Authenticate` that asks for a token. Source: RFC 6750, section 3. */
export const BEARER_CHALLENGE = 'Bearer realm="bento-ts"';

const KEYS_RETRY_AFTER_SECONDS = 5;

const INVALID = { code: "UNAUTHENTICATED", error: "invalid_token", text: "the token is not valid" } as const;

const ROWS = {
  invalid_token: INVALID,
  bad_signature: INVALID,
  unknown_issuer: INVALID,
  unknown_key: INVALID,
  wrong_audience: INVALID,
  expired: { ...INVALID, text: "the token has expired" },
  not_yet_valid: { ...INVALID, text: "the token is not yet valid" },
  // RFC 6750 would have 400 here; UNAUTHENTICATED is one answer for both transports, and never says whose fields were merged.
  ambiguous_credentials: { code: "UNAUTHENTICATED", error: "invalid_request", text: "one credential is expected" },
  policy_denied: { code: "PERMISSION_DENIED", error: "insufficient_scope", text: "the caller may not do this" },
  keys_unavailable: { code: "UNAVAILABLE", error: undefined, text: "tokens can't be verified at the moment" },
} as const satisfies Partial<Record<RefusalReason, unknown>>;
