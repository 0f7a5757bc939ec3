import type { IncomingHttpHeaders } from "node:http";

/**
 * Names of headers with which proxies tell who or where a caller is. Anybody can write them: they mean something from a trusted proxy alone.
 * Underscores count as hyphens, as some servers behind this one would read them. Source: security.md A9, attack B21.
 */
const VOUCHED = new RegExp(
  `^(?:forwarded|(?:${[
    "x-(?:forwarded|user|auth-request|authenticated|remote-(?:user|addr|group)|real-ip|jwt|ssl)",
    "x-(?:client-(?:cert|verify|dn|ip)|original-forwarded|envoy-external|cluster-client)",
    "remote-user|ssl-client|true-client-ip|cf-connecting-ip",
  ].join("|")}).*)$`.replaceAll("-", "[-_]"),
);

/** The headers without those that only a trusted proxy may send; the object itself where there are none. */
export function withoutForged(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  let kept: IncomingHttpHeaders | undefined;
  for (const name in headers) {
    if (!isVouchedHeader(name)) continue;
    kept ??= { ...headers };
    delete kept[name];
  }
  return kept ?? headers;
}

/** Whether a header (lower case) tells of the caller what only a proxy can know. */
export function isVouchedHeader(name: string): boolean {
  // Most names begin otherwise: a regular expression for each would cost more than the rest of this.
  return FIRST_LETTERS.includes(name.charAt(0)) && VOUCHED.test(name);
}

const FIRST_LETTERS = "xfrstc";
