import { BlockList, isIPv4, isIPv6, SocketAddress } from "node:net";

/** A range of addresses of one family. */
export interface Cidr {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly prefix: number;
}

/** A set of address ranges. */
export interface AddressSet {
  /** False for a text that is no IP address. */
  has(ip: string): boolean;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else. IPv4 inside IPv6 becomes IPv4. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([0-9a-fA-F.:]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const written = match[1];
  const address = foldIp(written);
  if (address === undefined) return undefined;
  const writtenBits = isIPv4(written) ? 32 : 128;
  const prefix = match[2] === undefined ? writtenBits : Number(match[2]);
  if (prefix > writtenBits) return undefined;
  if (!isIPv4(address)) return { family: "ipv6", address, prefix };
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8; a shorter prefix than the mapping's own 96 bits names more than IPv4.
  const ipv4Prefix = prefix - (writtenBits - 32);
  return ipv4Prefix < 0 ? undefined : { family: "ipv4", address, prefix: ipv4Prefix };
}

/** The addresses that lie in at least one range; a range of one family never holds an address of the other. */
export function addressSet(ranges: readonly Cidr[]): AddressSet {
  // Two lists: a single BlockList compares IPv4 addresses with IPv6 ranges too, so that ::/0 would hold all of IPv4.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { family, address, prefix } of ranges) lists[family].addSubnet(address, prefix, family);
  return {
    has(ip) {
      const folded = foldIp(ip);
      if (folded === undefined) return false;
      return isIPv4(folded) ? lists.ipv4.check(folded, "ipv4") : lists.ipv6.check(folded, "ipv6");
    },
  };
}

/** The one spelling of an address: IPv4 inside IPv6 (`::ffff:`) as IPv4, IPv6 short and lower case without zone; undefined for no address. */
export function foldIp(ip: string): string | undefined {
  if (isIPv4(ip)) return ip;
  if (!isIPv6(ip)) return undefined;
  const canonical = new SocketAddress({ address: ip, family: "ipv6" }).address;
  const mapped = canonical.startsWith("::ffff:") ? canonical.slice("::ffff:".length) : "";
  return isIPv4(mapped) ? mapped : canonical;
}
