import type { Access, ClaimPath, DenyRule, RuleValue } from "../../definition/access/types.ts";
import type { Subject } from "./compile-rule.ts";

/** Everything that is said of one function, and of who may open it. */
export interface Said {
  readonly platform: readonly Access[];
  readonly author: Access | undefined;
  readonly isOpened: boolean;
  readonly defaultAuthorization: "authenticated" | "deny";
}

/**
 * Who may call, read off security.md A3 sentence by sentence. Slow and plain, and with nothing of the evaluator in it: what both say alike is what was meant.
 */
export function plainDecision(said: Said, caller: Subject): { readonly allowed: boolean; readonly clause: string } {
  const owners = [
    ...said.platform.map((access) => ["platform", access] as const),
    ...(said.author === undefined ? [] : [["author", said.author] as const]),
  ];
  if (said.defaultAuthorization === "deny" && !said.isOpened && owners.every(([, { allow }]) => allow === undefined))
    return { allowed: false, clause: "default" };
  let clause = "default";
  for (const [owner, { allow, deny }] of owners) {
    const denied = deny?.findIndex((rule) => fits(rule, caller, "deny"));
    if (denied !== undefined && denied >= 0) return { allowed: false, clause: `${owner}.deny[${denied}]` };
    if (deny?.length === 0) return { allowed: false, clause: `${owner}.deny` };
    if (allow === undefined) continue;
    const allowed = allow.findIndex((rule) => fits(rule, caller, "allow"));
    if (allowed < 0) return { allowed: false, clause: `${owner}.allow` };
    clause = `${owner}.allow[${allowed}]`;
  }
  return { allowed: true, clause };
}

function fits(rule: DenyRule, caller: Subject, list: "allow" | "deny"): boolean {
  const some = (wanted: readonly string[] | undefined, has: readonly (string | undefined)[]): boolean =>
    wanted === undefined || wanted.some((text) => has.some((value) => value !== undefined && looksLike(text, value)));
  const none = (unwanted: readonly string[] | undefined, has: readonly (string | undefined)[]): boolean =>
    unwanted === undefined || !some(unwanted, has);
  const exactly = (wanted: string | readonly string[] | undefined, has: string | undefined): boolean =>
    wanted === undefined || (has !== undefined && [wanted].flat().includes(has));
  const not = (unwanted: string | readonly string[] | undefined, has: string | undefined): boolean =>
    unwanted === undefined || !exactly(unwanted, has);
  return (
    some(rule.principals, [caller.name]) &&
    some(rule.groups, caller.groups) &&
    some(rule.scopes, caller.scopes) &&
    some(rule.clients, [caller.clientId]) &&
    exactly(rule.issuer, caller.issuer) &&
    exactly(rule.methods, caller.method) &&
    none(rule.notPrincipals, [caller.name]) &&
    none(rule.notGroups, caller.groups) &&
    none(rule.notScopes, caller.scopes) &&
    none(rule.notClients, [caller.clientId]) &&
    not(rule.notIssuer, caller.issuer) &&
    not(rule.notMethods, caller.method) &&
    (rule.claim === undefined || claimFits(rule, found(caller.claims, rule.claim, list)))
  );
}

function claimFits(rule: DenyRule, claim: unknown): boolean {
  const values = (Array.isArray(claim) ? claim : [claim]).filter(
    (value: unknown) => typeof value === "string" || typeof value === "number" || typeof value === "boolean",
  );
  const has = (wanted: RuleValue): boolean => values.some((value) => looksLike(wanted, value));
  const { anyOf, allOf, exists, prefix, suffix, gte, lte, notAnyOf } = rule;
  return (
    (anyOf === undefined || anyOf.some(has)) &&
    (allOf === undefined || !allOf.some((wanted) => !has(wanted))) &&
    (exists === undefined || (claim !== undefined && claim !== null) === exists) &&
    (prefix === undefined ||
      values.some((value) => String(value).indexOf(prefix) === 0 && typeof value === "string")) &&
    (suffix === undefined || values.some((value) => typeof value === "string" && endOf(value, suffix) === suffix)) &&
    (gte === undefined || values.some((value) => typeof value === "number" && !(value < gte))) &&
    (lte === undefined || values.some((value) => typeof value === "number" && !(value > lte))) &&
    (notAnyOf === undefined || notAnyOf.filter(has).length === 0)
  );
}

function endOf(text: string, end: string): string {
  return text.slice(Math.max(0, text.length - end.length));
}

/** Wildcards are the rule's alone: at the beginning, at the end, or alone for anything but an empty text. */
function looksLike(wanted: RuleValue, value: RuleValue): boolean {
  if (wanted === "*") return value !== "";
  if (typeof wanted !== "string" || typeof value !== "string") return Object.is(wanted, value);
  const parts = wanted.split("*").map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[^]*")}$`).test(value);
}

/** What stands at a path, of own members of objects alone. An address that is said not to be proved lets nobody in. */
function found(claims: object, path: ClaimPath, list: "allow" | "deny"): unknown {
  const names =
    typeof path === "string"
      ? path.split("/").flatMap((name, at) => (at === 0 ? [] : [name.replaceAll("~1", "/").replaceAll("~0", "~")]))
      : path;
  const holders: unknown[] = [claims];
  for (const name of names) {
    const inner = holders.at(-1);
    const isObject = typeof inner === "object" && inner !== null && !Array.isArray(inner);
    holders.push(isObject ? Object.entries(inner).find(([key]) => key === name)?.[1] : undefined);
  }
  const verified = Object.entries(holders.at(-2) ?? {}).find(([key]) => key === "email_verified")?.[1] as unknown;
  const isUnproved = names.at(-1) === "email" && /^false$/i.test(String(verified));
  return isUnproved && list === "allow" ? undefined : holders.at(-1);
}
