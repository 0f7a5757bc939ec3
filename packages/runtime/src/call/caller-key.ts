import { addressKey } from "./address-key.ts";
import type { Principal } from "./types.ts";

/** Under what a caller is counted: issuer and name, of one who shows nothing the address. A fresh token makes no other caller. */
export function callerKey(principal: Principal, clientIp: string): string {
  if (principal.method === "anonymous") return `ip ${addressKey(clientIp)}`;
  const known = KEYS.get(principal);
  if (known !== undefined) return known;
  const key = `id ${JSON.stringify([principal.issuer, principal.name])}`;
  KEYS.set(principal, key);
  return key;
}

/** Calls with one credential share their principal. */
const KEYS = new WeakMap<Principal, string>();
