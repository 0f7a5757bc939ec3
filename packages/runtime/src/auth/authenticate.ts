import type { CallRequest, Principal } from "../call/types.ts";
import { ServingError } from "../errors.ts";
import type { Authenticator, Verification } from "./types.ts";

/** What is asked: a call, which may be of a function that is open to everybody, or a question about the server. */
export type Asked = "call" | "inquiry";

/**
 * Says who calls, from headers and connection alone: no byte of the body has been read yet. Gives no promise where the credential was verified before.
 *
 * Throws UNAUTHENTICATED for a missing, bad or second credential, PERMISSION_DENIED for one that is good and not taken, RESOURCE_EXHAUSTED for an address that has failed
 * too often, UNAVAILABLE when it can't be verified now.
 */
export type Authenticate = (call: CallRequest, asked: Asked) => Principal | Promise<Principal>;

/** Counts refused credentials by address. */
export interface FailedAttempts {
  /** Throws RESOURCE_EXHAUSTED for an address that has failed too often. Asked before a credential costs work. */
  assertMayTry(clientIp: string): void | Promise<void>;
  failed(clientIp: string): void;
}

export interface AuthenticateOptions {
  /** Ways in which callers show who they are; none: nobody is asked. */
  readonly authenticators: readonly Authenticator[];
  /** Whether callers without any credential are served. */
  readonly allowAnonymous: boolean;
  /** Whether a call without credentials may be of a function that is open to everybody, so that its target decides. */
  readonly hasPublicFunctions: () => boolean;
  readonly failedAttempts?: FailedAttempts | undefined;
}

/** The caller who has shown no credential, where that is allowed. */
export const ANONYMOUS: Principal = Object.freeze({
  name: "anonymous",
  issuer: undefined,
  method: "anonymous",
  groups: Object.freeze([]),
  scopes: Object.freeze([]),
  clientId: undefined,
  credentialId: undefined,
  claims: Object.freeze({}),
  expiresAtMs: undefined,
});

/**
 * Joins the ways of authentication: at most one credential may be shown, and one that is there and bad never falls through to another way or to anonymous.
 *
 * A client certificate stands behind the others: it belongs to the connection, which may carry the calls of many, and counts where a request shows nothing of its own.
 * Source: security.md A1.4, A4.
 */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { authenticators, allowAnonymous, hasPublicFunctions, failedAttempts } = options;
  // A server without a way of authentication was opened by its owner, or is reached from this machine alone.
  if (authenticators.length === 0) return () => ANONYMOUS;
  const challenges = challengesOf(authenticators);
  const ofRequests = authenticators.filter((way) => !isOfConnection(way));
  const ofConnections = authenticators.filter(isOfConnection);
  return (call, asked) => {
    const own = find(ofRequests, call, challenges);
    const ofConnection = find(ofConnections, call, challenges);
    // A certificate that is bad is refused beside a good token too. What is known of it was learnt in the handshake: nothing is waited for.
    if (own !== undefined) ofConnection?.way.verify(ofConnection.credential, call);
    const shown = own ?? ofConnection;
    if (shown === undefined) {
      if (allowAnonymous || (asked === "call" && hasPublicFunctions())) return ANONYMOUS;
      throw missingCredentials(challenges);
    }
    return verify(shown, call, failedAttempts);
  };
}

/** Every `WWW-Authenticate` value of a server, one a scheme. */
export function challengesOf(authenticators: readonly Authenticator[]): readonly string[] {
  return authenticators.flatMap(({ challenge }) => (challenge === "" ? [] : [challenge]));
}

/** The refusal of a caller who has shown nothing. */
export function missingCredentials(challenge: readonly string[]): ServingError {
  return new ServingError("UNAUTHENTICATED", "credentials are needed", { reason: "missing_credentials", challenge });
}

interface Shown {
  readonly way: Authenticator;
  readonly credential: string;
}

function isOfConnection({ method }: Authenticator): boolean {
  return method === "mtls" || method === "spiffe";
}

function find(ways: readonly Authenticator[], call: CallRequest, challenge: readonly string[]): Shown | undefined {
  let shown: Shown | undefined;
  for (const way of ways) {
    const credential = way.find(call);
    if (credential === undefined) continue;
    if (shown !== undefined) throw refused("ambiguous_credentials", "expected one credential, got several", challenge);
    shown = { way, credential };
  }
  // An Authorization field that nobody claims is a credential too, of a kind that is not taken here.
  if (shown === undefined && ways.length > 0 && !ways.some(isOfConnection) && call.valuesOf("authorization").length > 0)
    throw refused("invalid_credentials", "the Authorization header is of a scheme that is not taken here", challenge);
  return shown;
}

function refused(
  reason: "ambiguous_credentials" | "invalid_credentials",
  text: string,
  challenge: readonly string[],
): ServingError {
  return new ServingError("UNAUTHENTICATED", text, { reason, challenge });
}

function verify(
  { way, credential }: Shown,
  call: CallRequest,
  attempts: FailedAttempts | undefined,
): Principal | Promise<Principal> {
  let verification: Verification;
  try {
    const answer = way.verify(credential, call);
    // Whoever was verified before is held up by nobody's failed attempts.
    if (typeof answer !== "function") return answer;
    verification = answer;
  } catch (error) {
    verification = () => Promise.reject(error);
  }
  return verifyNew(verification, call.clientIp, attempts);
}

async function verifyNew(
  verification: Verification,
  clientIp: string,
  attempts: FailedAttempts | undefined,
): Promise<Principal> {
  await attempts?.assertMayTry(clientIp);
  try {
    return await verification();
  } catch (error) {
    if (error instanceof ServingError && error.code === "UNAUTHENTICATED") attempts?.failed(clientIp);
    throw error;
  }
}
