import type { Principal } from "../call/types.ts";

/** The caller of a server that asks nobody who they are. */
const ANONYMOUS: Principal = Object.freeze({
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

/** Says who calls, from headers and connection alone: no byte of the body has been read yet. */
export type Authenticate = (call: {
  readonly headers: object;
  readonly peerIp: string;
}) => Principal | Promise<Principal>;

/** For servers whose start rule let them be open: every caller is anonymous. */
export const authenticateAnybody: Authenticate = () => ANONYMOUS;
