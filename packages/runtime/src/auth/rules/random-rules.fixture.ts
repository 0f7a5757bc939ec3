import fc from "fast-check";
import type { Access, AllowRule, DenyRule } from "../../definition/access/types.ts";

/** Issuers that rules and callers are of. */
export const ISSUERS = ["https://a.example.com", "https://b.example.com"] as const;

/** Few and alike, so that rules often fit. */
export const WORDS = ["a", "b", "ab", "ba", "A", "true", "1"] as const;

const word = fc.constantFrom(...WORDS);
const pattern = fc.constantFrom("a", "b", "ab", "a*", "*b", "*", "A", "true", "1");
const value = fc.oneof(pattern, fc.boolean(), fc.integer({ min: 0, max: 2 }));
const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 2 });
const issuer = fc.oneof(fc.constantFrom(...ISSUERS), some(fc.constantFrom(...ISSUERS)));
const methods = some(fc.constantFrom("oidc" as const, "apikey" as const, "anonymous" as const));
const claim = fc.constantFrom<string | string[]>(
  "/tenant",
  "/email",
  "/user/email",
  "/deep/roles",
  "/deep",
  "/list/0",
  "/absent",
  "/constructor",
  "/__proto__/polluted",
  "/a~1b",
  ["kubernetes.io", "namespace"],
);

const tests = {
  anyOf: some(value),
  allOf: some(value),
  prefix: word,
  suffix: word,
  gte: fc.integer({ min: 0, max: 2 }),
  lte: fc.integer({ min: 0, max: 2 }),
};
const facts = { principals: some(pattern), groups: some(pattern), scopes: some(pattern), clients: some(pattern) };
const absences = {
  notPrincipals: some(pattern),
  notGroups: some(pattern),
  notScopes: some(pattern),
  notClients: some(pattern),
  notIssuer: issuer,
  notMethods: methods,
};

/** A rule of at most a few keys: those of many fit hardly anybody. */
function ruleOf(
  keys: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  claimKeys: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<object> {
  const pick = (from: typeof keys, minLength: number): fc.Arbitrary<object> =>
    fc
      .subarray(Object.keys(from), { minLength, maxLength: 2 })
      .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, from[name] ?? fc.constant(0)]))));
  const ofClaim = fc.tuple(claim, pick(claimKeys, 1)).map(([path, tested]) => ({ claim: path, ...tested }));
  return fc.oneof(
    pick(keys, 1),
    ofClaim,
    fc.tuple(pick(keys, 1), ofClaim).map(([one, other]) => ({ ...one, ...other })),
  );
}

const allowRule: fc.Arbitrary<AllowRule> = ruleOf(
  { ...facts, issuer, methods },
  { ...tests, exists: fc.constant(true) },
);
const denyRule: fc.Arbitrary<DenyRule> = ruleOf(
  { ...facts, issuer, methods, ...absences },
  { ...tests, exists: fc.boolean(), notAnyOf: some(value) },
);

/** An empty list decides at once; most are not. */
const listOf = <T>(rule: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(rule, { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant<T[]>([]) },
  );

/** Any rules that may be written: lists absent, empty or short. */
export const randomAccess: fc.Arbitrary<Access> = fc.record(
  { allow: listOf(allowRule), deny: listOf(denyRule) },
  { requiredKeys: [] },
);

const scalar = fc.oneof(word, fc.constant(""), fc.boolean(), fc.integer({ min: 0, max: 2 }), fc.constant(null));
const claimValue = fc.oneof(
  scalar,
  fc.array(fc.oneof(scalar, fc.array(word), fc.record({ a: word })), { maxLength: 3 }),
  fc.record({ roles: fc.array(word), a: word }, { requiredKeys: [] }),
);

/** Claims of a token beside those that every one has. */
export const randomClaims: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .record(
    {
      tenant: claimValue,
      email: claimValue,
      email_verified: fc.constantFrom<unknown>(true, false, "false", "False", null),
      user: fc.record({ email: claimValue, email_verified: fc.boolean() }, { requiredKeys: [] }),
      deep: fc.oneof(claimValue, fc.record({ roles: claimValue })),
      list: fc.array(word),
      "a/b": claimValue,
      "kubernetes.io": fc.record({ namespace: claimValue }),
      constructor: claimValue,
      groups: fc.oneof(word, fc.array(fc.oneof(word, fc.array(word), fc.constant(null)))),
      scope: fc.array(word).map((words) => words.join(" ")),
      azp: word,
    },
    { requiredKeys: [] },
  )
  .map((claims) => ({ ...claims }));
