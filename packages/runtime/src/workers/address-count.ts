import { addressKey } from "../call/address-key.ts";
import { isTrustedProxy } from "../call/client-ip.ts";

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
      const key = addressKey(ip);
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
