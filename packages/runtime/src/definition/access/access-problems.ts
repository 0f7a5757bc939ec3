import { describeValue, quote } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import type { Problem } from "../../errors.ts";
import { childPath } from "../../problem-list.ts";
import type { AuthMethod, DenyRule } from "./types.ts";

/** Everything that is wrong with rules that somebody wrote, by place; none when the value is an Access. Nothing is guessed: what is not understood is a fault. */
export function accessProblems(value: unknown, path: string): readonly Problem[] {
  if (!isObject(value)) return [fault(path, 'rules such as { "allow": [{ "groups": ["team"] }] }', value)];
  const unknown = unknownKeys(value, ["allow", "deny"], path);
  return [...unknown, ...listProblems(value, "allow", path), ...listProblems(value, "deny", path)];
}

type List = "allow" | "deny";

function listProblems(access: Members, list: List, path: string): readonly Problem[] {
  const rules = access[list];
  const at = childPath(path, list);
  if (rules === undefined) return [];
  if (!Array.isArray(rules)) return [fault(at, "a list of rules", rules)];
  return rules.flatMap((rule: unknown, index) => ruleProblems(rule, list, childPath(at, index)));
}

function ruleProblems(rule: unknown, list: List, path: string): readonly Problem[] {
  if (!isObject(rule)) return [fault(path, "a rule", rule)];
  const given = Object.keys(rule);
  if (given.length === 0) return [{ path, message: "expected at least one key: an empty rule would fit every caller" }];
  const names = list === "deny" ? Object.keys(KEYS) : Object.keys(KEYS).filter((key) => !isNegative(key));
  const faults = given.flatMap((key) =>
    isKey(key) ? (KEYS[key](rule[key], childPath(path, key)) ?? []) : ([] as readonly Problem[]),
  );
  return [...unknownKeys(rule, names, path), ...faults, ...togetherProblems(rule, list, path)];
}

/** Faults that lie between keys. */
function togetherProblems(rule: Members, list: List, path: string): readonly Problem[] {
  const tests = CLAIM_TESTS.filter((key) => Object.hasOwn(rule, key));
  const hasClaim = Object.hasOwn(rule, "claim");
  if (hasClaim && tests.length === 0)
    return [{ path, message: `expected a test of the claim: ${CLAIM_TESTS.join(", ")}` }];
  if (!hasClaim && tests.length > 0)
    return [{ path, message: `"${tests.join('", "')}" needs "claim", which says of what` }];
  // A claim that is missing lets nobody in: only a denial may ask for that.
  if (list === "allow" && rule["exists"] === false)
    return [
      { path: childPath(path, "exists"), message: "expected true: what is missing allows nothing, deny it instead" },
    ];
  return [];
}

type Check = (value: unknown, path: string) => readonly Problem[] | undefined;

const AUTH_METHODS: readonly AuthMethod[] = ["anonymous", "oidc", "apikey", "basic", "hmac", "mtls", "spiffe"];

const isPattern = (value: unknown): boolean =>
  typeof value === "string" && value !== "" && !/\*/.test(value.replace(/^\*|\*$/, ""));
const isRuleValue = (value: unknown): boolean =>
  typeof value === "boolean" || Number.isFinite(value) || isPattern(value);
const isWords = (value: unknown): boolean => typeof value === "string" && value !== "";

const PATTERN = 'a text, with "*" at one end at the most';
const patterns = everyOf(isPattern, PATTERN);
const values = everyOf(isRuleValue, `true, false, a number or ${PATTERN}`);
const methods = everyOf(
  (value) => AUTH_METHODS.some((method) => method === value),
  `one of ${AUTH_METHODS.join(", ")}`,
);
const issuers: Check = (value, path) => (isWords(value) ? [] : everyOf(isWords, "an issuer")(value, path));

/** Every key of a rule and what it takes. */
const KEYS: Readonly<Record<keyof DenyRule, Check>> = {
  principals: patterns,
  groups: patterns,
  scopes: patterns,
  clients: patterns,
  issuer: issuers,
  methods,
  claim: one(isClaimPath, 'a JSON Pointer such as "/email", or a list of names'),
  anyOf: values,
  allOf: values,
  exists: one((value) => typeof value === "boolean", "true or false"),
  prefix: one(isWords, "a text"),
  suffix: one(isWords, "a text"),
  gte: one(Number.isFinite, "a number"),
  lte: one(Number.isFinite, "a number"),
  notPrincipals: patterns,
  notGroups: patterns,
  notScopes: patterns,
  notClients: patterns,
  notIssuer: issuers,
  notMethods: methods,
  notAnyOf: values,
};

const CLAIM_TESTS = ["anyOf", "allOf", "exists", "prefix", "suffix", "gte", "lte", "notAnyOf"] as const;

function isKey(key: string): key is keyof DenyRule {
  return Object.hasOwn(KEYS, key);
}

function isNegative(key: string): boolean {
  return /^not[A-Z]/.test(key);
}

function isClaimPath(value: unknown): boolean {
  if (typeof value === "string") return /^(?:\/(?:[^~/]|~[01])+)+$/.test(value);
  return Array.isArray(value) && value.length > 0 && value.every(isWords);
}

function one(accepts: (value: unknown) => boolean, expected: string): Check {
  return (value, path) => (accepts(value) ? [] : [fault(path, expected, value)]);
}

function everyOf(accepts: (value: unknown) => boolean, expected: string): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return [fault(path, `a list, each item ${expected}`, value)];
    if (value.length === 0) return [{ path, message: `expected at least one item, ${expected}` }];
    return value.flatMap((item: unknown, index) =>
      accepts(item) ? [] : [fault(childPath(path, index), expected, item)],
    );
  };
}

function unknownKeys(value: Members, known: readonly string[], path: string): readonly Problem[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: childPath(path, key), message: `unknown key ${quote(key)}${whatItMeans(key, known)}` }));
}

function whatItMeans(key: string, known: readonly string[]): string {
  if (isKey(key) && isNegative(key)) return "; it stands in deny rules alone";
  return didYouMean(key, known);
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fault(path: string, expected: string, got: unknown): Problem {
  return { path, message: `expected ${expected}, got ${describeValue(got)}` };
}
