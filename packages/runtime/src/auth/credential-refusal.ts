import { type RefusalReason, ServingError } from "../errors.ts";

/** Why an API key, or a user's password, is refused. */
export type CredentialFault = keyof typeof ROWS;

/**
 * The error for a key or password that is refused. Callers read one of a few fixed texts, that of an unknown user is that of a wrong password; `detail` goes
 * to the log only. Source: security.md A4.
 */
export function refusedCredential(fault: CredentialFault, challenge: string, detail: string): ServingError {
  const text = ROWS[fault];
  return new ServingError("UNAUTHENTICATED", text, { reason: fault, challenge: [challenge], details: { detail } });
}

/** Asks for a key: no registered scheme, so clients that know none leave it alone. */
export const API_KEY_CHALLENGE = 'ApiKey realm="bento-ts"';

/** Asks for a user and a password in UTF-8. Source: RFC 7617, section 2.1. */
export const BASIC_CHALLENGE = 'Basic realm="bento-ts", charset="UTF-8"';

const ROWS = {
  invalid_credentials: "the credentials are not valid",
  expired: "the credentials have expired",
  not_yet_valid: "the credentials are not yet valid",
  ambiguous_credentials: "one credential is expected",
} as const satisfies Partial<Record<RefusalReason, string>>;
