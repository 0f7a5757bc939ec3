import type { ClaimPath, RuleValue } from "../definition/access/types.ts";

/** The names on the way to a claim. Throws RangeError for a path that names nothing. Source: RFC 6901, section 4. */
export function parseClaimPath(path: ClaimPath): readonly string[] {
  const names = typeof path === "string" ? (path.startsWith("/") ? pointerNames(path) : [path]) : [...path];
  if (names.length === 0 || names.some((name) => typeof name !== "string" || name === ""))
    throw new RangeError(
      `expected the name of a claim, a JSON Pointer or a list of names, got ${JSON.stringify(path) ?? typeof path}`,
    );
  return names;
}

/** What stands at a path, undefined where nothing does. Own members alone: no prototype, no index into a list. */
export function claimAt(claims: object, path: readonly string[]): unknown {
  let inner: unknown = claims;
  for (const name of path) {
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

/** Whether a claim is one of the values or a list that holds one; nested lists, objects and null are no values. */
export function holdsOneOf(claim: unknown, values: readonly RuleValue[]): boolean {
  return comparableValues(claim).some((value) => values.includes(value));
}

function isRuleValue(value: unknown): value is RuleValue {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function pointerNames(pointer: string): readonly string[] {
  if (/~(?![01])/.test(pointer))
    throw new RangeError(`expected a JSON Pointer with ~0 and ~1 as its only escapes, got ${JSON.stringify(pointer)}`);
  return pointer
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}
