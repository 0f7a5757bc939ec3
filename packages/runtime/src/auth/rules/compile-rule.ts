import type { ClaimPath, DenyRule, RuleValue } from "../../definition/access/types.ts";
import { claimAt, comparableValues, parseClaimPath } from "../claim-path.ts";
import { isUnprovedEmail } from "../email-proof.ts";

/** What rules ask of a caller. */
export interface Subject {
  readonly name: string;
  readonly issuer: string | undefined;
  readonly method: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly clientId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** One key of a rule, made ready. */
export interface Clause {
  readonly key: string;
  holds(subject: Subject): boolean;
}

/** Makes a rule ready: it matches a caller for whom every clause holds. `list` decides what an unproved e-mail address counts for. */
export function compileRule(rule: DenyRule, list: "allow" | "deny"): readonly Clause[] {
  const clauses: Clause[] = [];
  for (const [key, valuesOf] of Object.entries(FACTS)) {
    const wanted = rule[key as keyof typeof FACTS];
    if (wanted !== undefined) clauses.push({ key, holds: anyIn(listOf(wanted), valuesOf) });
    const negative = `not${key[0]?.toUpperCase()}${key.slice(1)}` as keyof DenyRule;
    const unwanted = rule[negative] as string | readonly string[] | undefined;
    if (unwanted === undefined) continue;
    const holds = anyIn(listOf(unwanted), valuesOf);
    clauses.push({ key: negative, holds: (subject) => !holds(subject) });
  }
  return rule.claim === undefined ? clauses : [...clauses, ...claimClauses(rule, rule.claim, list)];
}

/** Facts of a caller by the key of rules that asks for them. */
const FACTS = {
  principals: ({ name }) => [name],
  groups: ({ groups }) => groups,
  scopes: ({ scopes }) => scopes,
  clients: ({ clientId }) => (clientId === undefined ? [] : [clientId]),
  issuer: ({ issuer }) => (issuer === undefined ? [] : [issuer]),
  methods: ({ method }) => [method],
} as const satisfies Record<string, (subject: Subject) => readonly string[]>;

/** Keys whose values are compared as they are, without wildcards. */
const EXACT: ReadonlySet<unknown> = new Set([FACTS.issuer, FACTS.methods]);

function anyIn(
  wanted: readonly string[],
  valuesOf: (subject: Subject) => readonly string[],
): (subject: Subject) => boolean {
  const tests = wanted.map((value) => (EXACT.has(valuesOf) ? isSame(value) : fitsPattern(value)));
  return (subject) => valuesOf(subject).some((value) => tests.some((test) => test(value)));
}

function claimClauses(rule: DenyRule, claim: ClaimPath, list: "allow" | "deny"): readonly Clause[] {
  const path = parseClaimPath(claim);
  const claimOf = ({ claims }: Subject): unknown =>
    list === "allow" && isUnprovedEmail(claims, path) ? undefined : claimAt(claims, path);
  const onValues =
    (test: (values: readonly RuleValue[]) => boolean) =>
    (subject: Subject): boolean =>
      test(comparableValues(claimOf(subject)));
  const some = (test: (value: RuleValue) => boolean): ((subject: Subject) => boolean) =>
    onValues((values) => values.some(test));
  const { anyOf, allOf, exists, prefix, suffix, gte, lte, notAnyOf } = rule;
  const rows: readonly (false | Clause)[] = [
    anyOf !== undefined && { key: "anyOf", holds: some(fitsOneOf(anyOf)) },
    allOf !== undefined && {
      key: "allOf",
      holds: onValues((values) => allOf.map(fitsPattern).every((test) => values.some(test))),
    },
    exists !== undefined && { key: "exists", holds: (subject) => ((claimOf(subject) ?? null) !== null) === exists },
    prefix !== undefined && {
      key: "prefix",
      holds: some((value) => typeof value === "string" && value.startsWith(prefix)),
    },
    suffix !== undefined && {
      key: "suffix",
      holds: some((value) => typeof value === "string" && value.endsWith(suffix)),
    },
    gte !== undefined && { key: "gte", holds: some((value) => typeof value === "number" && value >= gte) },
    lte !== undefined && { key: "lte", holds: some((value) => typeof value === "number" && value <= lte) },
    notAnyOf !== undefined && {
      key: "notAnyOf",
      holds: onValues((values) => !values.some(fitsOneOf(notAnyOf))),
    },
  ];
  return rows.filter((row) => row !== false);
}

/** Whether a rule's value is a caller's: of one type and equal, or by the wildcard at one end of a text; a lone one takes anything but an empty text. */
function fitsPattern(wanted: RuleValue): (value: RuleValue) => boolean {
  if (typeof wanted !== "string") return isSame(wanted);
  if (wanted === "*") return (value) => value !== "";
  if (wanted.startsWith("*")) return (value) => typeof value === "string" && value.endsWith(wanted.slice(1));
  if (wanted.endsWith("*")) return (value) => typeof value === "string" && value.startsWith(wanted.slice(0, -1));
  return isSame(wanted);
}

function fitsOneOf(wanted: readonly RuleValue[]): (value: RuleValue) => boolean {
  const tests = wanted.map(fitsPattern);
  return (value) => tests.some((test) => test(value));
}

function isSame(wanted: RuleValue): (value: RuleValue) => boolean {
  return (value) => value === wanted;
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
