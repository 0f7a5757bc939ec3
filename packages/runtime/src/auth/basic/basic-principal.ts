import type { Principal } from "../../call/types.ts";

/** Who has proved to be a user. */
export function basicPrincipal(user: string): Principal {
  return Object.freeze({
    name: user,
    issuer: undefined,
    method: "basic",
    groups: Object.freeze([]),
    scopes: Object.freeze([]),
    clientId: undefined,
    credentialId: undefined,
    claims: Object.freeze({}),
    expiresAtMs: undefined,
  });
}
