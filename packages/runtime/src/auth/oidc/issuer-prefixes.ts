import type { IssuerOptions } from "./types.ts";

/** What names of each issuer's callers begin with: its own prefix, or the issuer where there are several, so that no two callers have one name. Source: security.md A2. */
export function issuerPrefixes(entries: readonly Pick<IssuerOptions, "issuer" | "principal">[]): readonly string[] {
  return entries.map(({ issuer, principal }) => principal?.prefix ?? (entries.length > 1 ? `${issuer}#` : ""));
}
