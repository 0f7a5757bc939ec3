import { ServingError } from "../errors.ts";
import { addressSet, type AddressSet, type Cidr, foldIp, parseCidr } from "./cidr.ts";

/**
 * The address of the caller: the peer's, or behind trusted proxies the one they forward.
 *
 * `X-Forwarded-For` is read from the right past trusted addresses, because every proxy appends the address it saw and whatever stands left of
 * the first untrusted one may be the caller's invention. When all are trusted it is the leftmost; an entry that is no address gives the peer.
 * `trustedProxies` holds CIDRs and is the configuration's own list, never changed. Source: security.md A9.
 */
export function clientIpOf(
  peerIp: string,
  xForwardedFor: string | readonly string[] | undefined,
  trustedProxies: readonly string[],
): string {
  const peer = foldIp(peerIp) ?? peerIp;
  if (xForwardedFor === undefined || !isTrustedProxy(peer, trustedProxies)) return peer;
  const forwarded = typeof xForwardedFor === "string" ? xForwardedFor : xForwardedFor.join(",");
  let client = peer;
  for (let end = forwarded.length; end >= 0;) {
    const comma = end === 0 ? -1 : forwarded.lastIndexOf(",", end - 1);
    const entry = forwarded.slice(comma + 1, end).trim();
    // A zone names an interface of the machine that wrote it: it means nothing here.
    const address = entry.includes("%") ? undefined : foldIp(entry);
    if (address === undefined) return peer;
    if (!isTrustedProxy(address, trustedProxies)) return address;
    client = address;
    end = comma;
  }
  return client;
}

/** Whether `X-Forwarded-*` of this peer counts. Throws FAILED_PRECONDITION when the list holds something that is no CIDR. */
export function isTrustedProxy(peerIp: string, trustedProxies: readonly string[]): boolean {
  if (trustedProxies.length === 0) return false;
  let set = SETS.get(trustedProxies);
  if (set === undefined) {
    set = addressSet(trustedProxies.map(toCidr));
    SETS.set(trustedProxies, set);
  }
  return set.has(peerIp);
}

// Built once for each list: building costs more than a call may spend on its address.
const SETS = new WeakMap<readonly string[], AddressSet>();

function toCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `trusted proxy: expected a CIDR such as "10.0.0.0/8", got ${JSON.stringify(text)}`,
    );
  }
  return cidr;
}
