import { isIPv6 } from "node:net";
import { isTrustedProxy } from "../call/client-ip.ts";
import { foldIp } from "../call/cidr.ts";

/** Counts connections by the address that they come from. */
export interface AddressCount {
  /** Counts one more and gives the key to give back; undefined when the address has all that it may. */
  enter(ip: string | undefined): string | undefined;
  leave(key: string): void;
}

export interface AddressLimits {
  /** Connections of one IPv4 address, or of one IPv6 network of 64 bits, which is what one caller is given. */
  readonly maxConnectionsPerIp: number;
  /** CIDRs of proxies, behind each of which there are many callers: they are not counted. */
  readonly trustedProxies: readonly string[];
}

/** Makes a count that knows of no connection. Source of the limit: security.md A9. */
export function createAddressCount({ maxConnectionsPerIp, trustedProxies }: AddressLimits): AddressCount {
  const counts = new Map<string, number>();
  return {
    enter(ip = "") {
      if (isTrustedProxy(ip, trustedProxies)) return EXEMPT;
      const key = keyOf(ip);
      const count = counts.get(key) ?? 0;
      if (count >= maxConnectionsPerIp) return undefined;
      counts.set(key, count + 1);
      return key;
    },
    leave(key) {
      const count = counts.get(key) ?? 0;
      if (count > 1) counts.set(key, count - 1);
      else counts.delete(key);
    },
  };
}

const EXEMPT = "trusted proxy";

/** The address itself, of IPv6 its first 64 bits. One that is unknown belongs to a caller who has left already. */
function keyOf(ip: string): string {
  const folded = foldIp(ip) ?? ip;
  if (!isIPv6(folded)) return folded;
  const [head = "", tail] = folded.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const rest = tail === undefined ? [] : tail.split(":").filter((group) => group !== "");
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => "0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
