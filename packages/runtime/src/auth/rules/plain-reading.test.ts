import fc from "fast-check";
import { expect, it } from "vitest";
import { accessProblems } from "../../definition/access/access-problems.ts";
import type { Access } from "../../definition/access/types.ts";
import type { Subject } from "./compile-rule.ts";
import { plainDecision } from "./plain-reading.fixture.ts";
import { createPolicy } from "./policy.ts";
import { ISSUERS, randomAccess, randomClaims, WORDS } from "./random-rules.fixture.ts";

const word = fc.constantFrom(...WORDS);
const subject: fc.Arbitrary<Subject> = fc.record({
  name: word,
  issuer: fc.option(fc.constantFrom(...ISSUERS), { nil: undefined }),
  method: fc.constantFrom("oidc", "apikey", "anonymous"),
  groups: fc.array(word, { maxLength: 2 }),
  scopes: fc.array(word, { maxLength: 2 }),
  clientId: fc.option(word, { nil: undefined }),
  claims: randomClaims,
});
type ByFunction = Readonly<Record<string, Access>>;
const byFunction: fc.Arbitrary<ByFunction> = fc.oneof(
  fc.constant({}),
  fc.record({ "*": randomAccess, f: randomAccess, g: randomAccess }, { requiredKeys: [] }),
);

it("makes rules that may be written", () => {
  fc.assert(
    fc.property(randomAccess, (access) => {
      expect(accessProblems(access, "")).toEqual([]);
    }),
  );
});

it("a policy decides by the clause that a plain reading of the rules finds, whatever rules and callers are", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.option(fc.oneof(randomAccess, fc.constant("public" as const)), { nil: null }),
      byFunction,
      byFunction,
      subject,
      fc.record({ defaultAuthorization: fc.constantFrom("authenticated", "deny"), letsAuthorsOpen: fc.boolean() }),
      (authorize, platform: ByFunction, replaced: ByFunction, caller, choices) => {
        const policy = createPolicy({
          apis: [{ name: "f", authorize }],
          platform,
          replacements: () => replaced,
          ...choices,
        });
        const inPlace = replaced["f"] ?? replaced["*"];
        const expected = plainDecision(
          {
            platform: [platform["*"], platform["f"]].filter((access) => access !== undefined),
            author: inPlace ?? (authorize === "public" || authorize === null ? undefined : authorize),
            isOpened: choices.letsAuthorsOpen && authorize === "public" && inPlace === undefined,
            defaultAuthorization: choices.defaultAuthorization,
          },
          caller,
        );
        expect(policy.decide("f", caller)).toEqual(expected);
        seen.add(`${expected.allowed} ${expected.clause}`);
      },
    ),
    { numRuns: 5_000 },
  );
  // Random rules that never fit, or always, would show nothing.
  expect([...seen].sort()).toEqual(
    expect.arrayContaining([
      "false author.allow",
      "false author.deny",
      "false author.deny[0]",
      "false author.deny[1]",
      "false default",
      "false platform.allow",
      "false platform.deny[1]",
      "true author.allow[0]",
      "true author.allow[1]",
      "true default",
      "true platform.allow[0]",
    ]),
  );
});
