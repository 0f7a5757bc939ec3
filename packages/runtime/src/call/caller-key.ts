import { addressKey } from "./address-key.ts";
import type { Principal } from "./types.ts";

/** Under what a caller is counted: issuer and name, of one who shows nothing the address. A fresh token makes no other caller. */
export function callerKey(principal: Principal, clientIp: string): string {
  return principal.method === "anonymous"
    ? `ip ${addressKey(clientIp)}`
    : `id ${JSON.stringify([principal.issuer, principal.name])}`;
}
