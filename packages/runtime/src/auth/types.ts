import type { AuthMethod, Principal, TlsFacts } from "../call/types.ts";

/** What is known of a caller before anything of the body was read. */
export interface Caller {
  /** Every field of that name (lower case) as it came: a name that was sent twice gives two values. */
  valuesOf(header: string): readonly string[];
  /** Address of the connection's other end. */
  readonly peerIp: string;
  /** Address of the caller, behind trusted proxies the forwarded one. */
  readonly clientIp: string;
  /** How the connection is secured, with the caller's certificate; undefined where it is not. */
  readonly tls?: TlsFacts | undefined;
  /** Bounded: a route template, never a path. */
  readonly route: string;
}

/** One way in which callers show who they are. */
export interface Authenticator {
  readonly method: AuthMethod;
  /** One value of `WWW-Authenticate` that asks for this kind of credential. */
  readonly challenge: string;
  /** The credential of this kind, undefined when there is none; throws UNAUTHENTICATED for a malformed or repeated one. */
  find(caller: Caller): string | undefined;
  /**
   * Whose the credential is when it was verified before and still holds, else what has to be done to learn it: nothing costly is done before that is called.
   *
   * Both throw UNAUTHENTICATED, PERMISSION_DENIED, or UNAVAILABLE when it can't be verified now.
   */
  verify(credential: string, caller: Caller): Principal | Verification;
}

/** The work of verifying a credential that is not known yet. */
export type Verification = () => Promise<Principal>;

/** Time, handed in so that nothing has to wait for it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs something once after a while; gives what cancels it. A waiting run does not keep the process alive. */
  schedule(run: () => void, delayMs: number): () => void;
}
