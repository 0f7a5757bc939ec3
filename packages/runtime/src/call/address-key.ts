import { isIPv6 } from "node:net";
import { foldIp } from "./cidr.ts";

/** Under what an address is counted: itself, of IPv6 its first 64 bits, which is what one caller is given. One that is unknown stands for itself. Source: security.md A9. */
export function addressKey(ip: string): string {
  if (!ip.includes(":")) return ip;
  const folded = foldIp(ip) ?? ip;
  if (!isIPv6(folded)) return folded;
  const [head = "", tail] = folded.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const rest = tail === undefined ? [] : tail.split(":").filter((group) => group !== "");
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => "0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
