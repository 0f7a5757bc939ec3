/** Which origins of pages are meant: exact ones, `https://*.example.com` for one label, or `*`. */
export type OriginMatcher = (origin: string) => boolean;

/**
 * Makes what tells whether a page's `Origin` is one of the configured.
 *
 * Scheme, host and port are compared whole, as browsers write them (RFC 6454, section 6.2). `null`, which sandboxed pages and files send, is never one of them.
 * Source: security.md A9.
 */
export function originMatcher(configured: readonly string[]): OriginMatcher {
  const exact = new Set(configured.filter((origin) => !origin.includes("*")));
  const patterns = configured.filter((origin) => origin.includes("://*.")).map(toPattern);
  const isAny = configured.includes("*");
  return (origin) => {
    if (exact.has(origin)) return true;
    if (patterns.some((pattern) => pattern.test(origin))) return true;
    return isAny && isOrigin(origin);
  };
}

/** What is wrong with a configured origin, undefined when nothing is: one that no browser would send allows nobody. */
export function originFault(configured: string): string | undefined {
  if (configured === "*") return undefined;
  const [, scheme = "", wildcard, rest = ""] = /^(https?:\/\/)(\*\.)?(.+)$/.exec(configured) ?? [];
  if (scheme === "") return 'expected "*" or scheme://host[:port]';
  if (wildcard !== undefined && !/^[^.]+\.[^.]/.test(rest))
    return "expected a domain of its own behind *., not a whole top-level domain";
  const written = scheme + rest;
  const read = URL.canParse(written) ? new URL(written).origin : undefined;
  if (read === undefined || read === "null") return "expected scheme://host[:port]";
  return read === written
    ? undefined
    : `expected it as browsers write it: ${scheme}${wildcard ?? ""}${read.slice(scheme.length)}`;
}

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";

function toPattern(configured: string): RegExp {
  const [scheme = "", rest = ""] = configured.split("*");
  return new RegExp(`^${escape(scheme)}${LABEL}${escape(rest)}$`);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** `null`, a list of origins and what is none are not let in by `*` either. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
