import { isTrustedProxy } from "../../call/client-ip.ts";

/** Longest prefix that is believed, in characters. */
const MAX_LENGTH = 512;
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/**
 * The path that a trusted proxy took off the front of every path (`X-Forwarded-Prefix`), "" for none.
 *
 * It is written into documents and links, so anything but plain segments counts as none, as does the header of a peer that is not trusted. A slash at its
 * end is dropped; the values of several proxies, outermost first, are joined.
 */
export function forwardedPrefixOf(
  peerIp: string,
  header: string | string[] | undefined,
  trustedProxies: readonly string[],
): string {
  if (header === undefined || !isTrustedProxy(peerIp, trustedProxies)) return "";
  const prefix = String(header)
    .split(",")
    .map((part) => part.trim().replace(/\/$/, ""))
    .join("");
  const plain = prefix.length <= MAX_LENGTH && PREFIX.test(prefix) && !/\/\.{1,2}(?:\/|$)/.test(prefix);
  return plain ? prefix : "";
}
