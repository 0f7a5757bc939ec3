import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Access, AllowRule } from "../../definition/access/types.ts";
import { accessProblems } from "../../definition/access/access-problems.ts";
import { compileAccess, decide } from "./decide.ts";
import type { Subject } from "./compile-rule.ts";

const ALICE: Subject = {
  name: "alice",
  issuer: "https://idp.example.com",
  method: "oidc",
  groups: ["iris-team", "staff"],
  scopes: ["predict"],
  clientId: "notebook",
  claims: {
    sub: "alice",
    email: "alice@example.com",
    level: 3,
    admin: true,
    roles: ["reader", ["nested"], { name: "object" }, null],
    "kubernetes.io": { namespace: "prod", serviceaccount: { name: "bot" } },
    empty: "",
    none: null,
    list: [],
  },
};

const verdict = (access: Access, subject: Subject = ALICE): string => {
  expect(accessProblems(access, "")).toEqual([]);
  const { allowed, clause } = decide([compileAccess("author", access)], subject);
  return `${allowed ? "allow" : "deny"} by ${clause}`;
};
const allows = (rule: AllowRule, subject: Subject = ALICE): boolean =>
  verdict({ allow: [rule] }, subject) === "allow by author.allow[0]";

describe("rules", () => {
  it("look at denials first, then want one rule that matches", () => {
    const team: AllowRule = { groups: ["iris-team"] };
    expect(verdict({ allow: [team] })).toBe("allow by author.allow[0]");
    expect(verdict({ allow: [{ groups: ["others"] }, team] })).toBe("allow by author.allow[1]");
    expect(verdict({ allow: [{ groups: ["others"] }] })).toBe("deny by author.allow");
    expect(verdict({ allow: [team], deny: [{ principals: ["alice"] }] })).toBe("deny by author.deny[0]");
    expect(verdict({ deny: [{ principals: ["bob"] }] })).toBe("allow by default");
  });

  it("let nobody in by a list that is there and empty, anybody proved without lists", () => {
    expect(verdict({ allow: [] })).toBe("deny by author.allow");
    expect(verdict({ deny: [] })).toBe("deny by author.deny");
    expect(verdict({})).toBe("allow by default");
  });

  it("must allow for the platform and for the author: neither widens what the other says", () => {
    const yes = { allow: [{ groups: ["iris-team"] }] };
    const no = { allow: [{ groups: ["others"] }] };
    const both = (platform: Access, author: Access): boolean =>
      decide([compileAccess("platform", platform), compileAccess("author", author)], ALICE).allowed;
    expect([both(yes, yes), both(yes, no), both(no, yes), both({}, yes), both(no, {})]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it("hold all keys of a rule and any value of a key", () => {
    expect(allows({ groups: ["x", "staff"], issuer: "https://idp.example.com", scopes: ["predict"] })).toBe(true);
    expect(allows({ groups: ["staff"], issuer: "https://idp.example.com/" })).toBe(false);
    expect(allows({ clients: ["notebook"], methods: ["oidc"] })).toBe(true);
    expect(allows({ clients: ["notebook"], methods: ["apikey"] })).toBe(false);
  });

  it.each([
    ["its own type and value", { claim: "/level", anyOf: [3] }, true],
    ["a number as text", { claim: "/level", anyOf: ["3"] }, false],
    ["true", { claim: "/admin", anyOf: [true] }, true],
    ["true as text", { claim: "/admin", anyOf: ["true"] }, false],
    ["another case", { claim: "/sub", anyOf: ["Alice"] }, false],
    ["a member of a list", { claim: "/roles", anyOf: ["reader"] }, true],
    ["a member of a list inside a list", { claim: "/roles", anyOf: ["nested"] }, false],
    ["an index into a list", { claim: "/roles/0", anyOf: ["reader"] }, false],
    ["a path through dots and slashes", { claim: ["kubernetes.io", "namespace"], anyOf: ["prod"] }, true],
    ["an object", { claim: "/kubernetes.io", anyOf: ["*"] }, false],
    ["an object that exists", { claim: "/kubernetes.io", exists: true }, true],
    ["null", { claim: "/none", exists: true }, false],
    ["an empty text", { claim: "/empty", anyOf: ["*"] }, false],
    ["an empty list", { claim: "/list", anyOf: ["*"] }, false],
    ["what is missing", { claim: "/missing", anyOf: ["*"] }, false],
    ["the prototype", { claim: "/constructor/name", anyOf: ["*"] }, false],
    ["__proto__", { claim: "/__proto__", exists: true }, false],
    ["a beginning", { claim: "/email", anyOf: ["alice@*"] }, true],
    ["an end", { claim: "/email", anyOf: ["*@example.com"] }, true],
    ["an end that only looks alike", { claim: "/email", anyOf: ["*@ample.com"] }, false],
    ["a prefix", { claim: "/email", prefix: "alice@" }, true],
    ["a suffix", { claim: "/email", suffix: "@example.org" }, false],
    ["all of its values", { claim: "/roles", allOf: ["reader", "*"] }, true],
    ["one of two that are wanted", { claim: "/roles", allOf: ["reader", "writer"] }, false],
    ["a number in range", { claim: "/level", gte: 3, lte: 3 }, true],
    ["a number out of range", { claim: "/level", gte: 4 }, false],
    ["a text that sorts above", { claim: "/sub", gte: 0 }, false],
  ] as [string, AllowRule, boolean][])("compare claims with %s", (_name, rule, expected) => {
    expect(allows(rule)).toBe(expected);
  });

  it("take an e-mail address for nothing that its issuer says is not proved, yet deny it", () => {
    const unproved = { ...ALICE, claims: { ...ALICE.claims, email_verified: false } };
    const rule: AllowRule = { claim: "/email", anyOf: ["alice@example.com"] };
    expect([allows(rule), allows(rule, unproved)]).toEqual([true, false]);
    const inside = (verified: unknown): Subject => ({
      ...ALICE,
      claims: { user: { email: "alice@example.com", email_verified: verified } },
    });
    const inner: AllowRule = { claim: "/user/email", anyOf: ["alice@example.com"] };
    expect([true, false, "False", undefined].map((verified) => allows(inner, inside(verified)))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(verdict({ deny: [rule] }, unproved)).toBe("deny by author.deny[0]");
  });

  it("deny by what is missing where a rule begins with not", () => {
    const nobody: Subject = { ...ALICE, groups: [], clientId: undefined, claims: {} };
    expect(verdict({ deny: [{ notGroups: ["staff"] }] })).toBe("allow by default");
    expect(verdict({ deny: [{ notGroups: ["staff"] }] }, nobody)).toBe("deny by author.deny[0]");
    expect(verdict({ deny: [{ notClients: ["notebook"] }] }, nobody)).toBe("deny by author.deny[0]");
    expect(verdict({ deny: [{ claim: "/admin", notAnyOf: [true] }] })).toBe("allow by default");
    expect(verdict({ deny: [{ claim: "/admin", notAnyOf: [true] }] }, nobody)).toBe("deny by author.deny[0]");
    expect(verdict({ deny: [{ claim: "/admin", exists: false }] }, nobody)).toBe("deny by author.deny[0]");
  });

  it("tell each rule that was looked at and the key that failed", () => {
    const steps: unknown[] = [];
    const access = { deny: [{ principals: ["bob"] }], allow: [{ groups: ["staff"], scopes: ["train"] }] };
    decide([compileAccess("author", access)], ALICE, (step) => steps.push(step));
    expect(steps).toEqual([
      { clause: "author.deny[0]", matched: false, keys: [{ key: "principals", holds: false }] },
      {
        clause: "author.allow[0]",
        matched: false,
        keys: [
          { key: "groups", holds: true },
          { key: "scopes", holds: false },
        ],
      },
    ]);
  });

  it("deny where a rule can't be decided", () => {
    const broken = [
      [
        {
          key: "groups",
          holds: (): boolean => {
            throw new Error("oops");
          },
        },
      ],
    ];
    const owner = "author" as const;
    expect(decide([{ owner, allow: broken, deny: undefined }], ALICE).allowed).toBe(false);
    expect(decide([{ owner, allow: undefined, deny: broken }], ALICE).allowed).toBe(false);
  });

  it("never let a random caller in whom a plain reading of the rules keeps out, and the other way round", () => {
    const words = fc.constantFrom("a", "b", "ab", "ba", "");
    const wanted = fc.array(fc.constantFrom("a", "b", "a*", "*b", "*"), { minLength: 1, maxLength: 2 });
    const rule = fc.record({ groups: wanted, principals: wanted, scopes: wanted }, { requiredKeys: ["groups"] });
    const lists = fc.record(
      { allow: fc.array(rule, { maxLength: 3 }), deny: fc.array(rule, { maxLength: 2 }) },
      { requiredKeys: [] },
    );
    const subject = fc.record({ name: words, groups: fc.array(words), scopes: fc.array(words) });
    const regExp = (text: string): RegExp => (text === "*" ? /^.+$/ : new RegExp(`^${text.replace("*", ".*")}$`));
    const isIn = (want: readonly string[] | undefined, have: readonly string[]): boolean =>
      want === undefined || want.some((text) => have.some((value) => regExp(text).test(value)));
    fc.assert(
      fc.property(lists, subject, (access, { name, groups, scopes }) => {
        const matches = (one: AllowRule): boolean =>
          isIn(one.groups, groups) && isIn(one.principals, [name]) && isIn(one.scopes, scopes);
        const { allow, deny } = access;
        const denied = deny !== undefined && (deny.length === 0 || deny.some(matches));
        const expected = !denied && (allow === undefined || allow.some(matches));
        const got = decide([compileAccess("author", access)], { ...ALICE, name, groups, scopes });
        expect(got.allowed).toBe(expected);
      }),
    );
  });
});
