import type { ClaimPath, RuleValue } from "../../definition/access/types.ts";

/**
 * What stands at a path of a token's claims, undefined where nothing does. Own members alone are walked: no prototype, no index into a list.
 */
export function claimAt(claims: Readonly<Record<string, unknown>>, path: ClaimPath): unknown {
  let inner: unknown = claims;
  for (const name of typeof path === "string" ? pointerNames(path) : path) {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner) || !Object.hasOwn(inner, name))
      return undefined;
    inner = Reflect.get(inner, name);
  }
  return inner;
}

/** The values that rules compare: a scalar is a list of one; nested lists, objects and null are no values. Source: security.md A3. */
export function comparableValues(claim: unknown): readonly RuleValue[] {
  return (Array.isArray(claim) ? claim : [claim]).filter(isRuleValue);
}

/** The names in a JSON Pointer (RFC 6901, section 4). */
export function pointerNames(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isRuleValue(value: unknown): value is RuleValue {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
