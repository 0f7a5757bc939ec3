import { claimAt } from "./claim-path.ts";

/**
 * Whether a path leads to an e-mail address that its issuer says is not proved: such an address is nobody's.
 *
 * `email_verified` stands beside the address; some providers write it as text. Source: OpenID Connect Core 1.0, sections 5.1 and 5.7; security.md A2.
 */
export function isUnprovedEmail(claims: object, path: readonly string[]): boolean {
  if (path.at(-1) !== "email") return false;
  const proved = claimAt(claims, [...path.slice(0, -1), "email_verified"]);
  return proved === false || (typeof proved === "string" && proved.toLowerCase() === "false");
}
