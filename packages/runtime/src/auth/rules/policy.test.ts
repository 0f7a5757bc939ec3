import { describe, expect, it } from "vitest";
import type { Access } from "../../definition/access/types.ts";
import { createPolicy, type Policy, type PolicyOptions } from "./policy.ts";

// Source of what is expected: security.md A1.2, A3 and note 5.
const TEAM: Access = { allow: [{ groups: ["team"] }] };
const member = caller("ada", ["team"]);
const stranger = caller("eve", []);

describe("who may call a function that has no rules", () => {
  it("is every caller who has proved who they are, or nobody", () => {
    expect(verdicts(policyOf({}), "score")).toEqual(["allow by default", "allow by default"]);
    expect(verdicts(policyOf({ defaultAuthorization: "deny" }), "score")).toEqual([
      "deny by default",
      "deny by default",
    ]);
  });

  it("is nobody too where it is only written who may not, and the default is closed", () => {
    const denials = { "*": { deny: [{ principals: ["eve"] }] } };
    const policy = policyOf({ platform: denials, defaultAuthorization: "deny" });
    expect(verdicts(policy, "score")).toEqual(["deny by default", "deny by default"]);
    expect(verdicts(policyOf({ platform: denials }), "score")).toEqual([
      "allow by default",
      "deny by platform.deny[0]",
    ]);
  });
});

describe("rules of platform and author", () => {
  it("must both allow, the platform's for all functions first", () => {
    const policy = policyOf({
      author: { allow: [{ principals: ["ada", "eve"] }] },
      platform: { "*": TEAM, score: { deny: [{ principals: ["ada"] }] } },
    });
    expect(verdicts(policy, "score")).toEqual(["deny by platform.deny[0]", "deny by platform.allow"]);
    expect(verdicts(policy, "other")).toEqual(["allow by platform.allow[0]", "deny by platform.allow"]);
  });

  it("may be replaced on the author's side alone, at once, by name before *", () => {
    let replaced: Readonly<Record<string, Access>> = {};
    const policy = policyOf({
      author: TEAM,
      platform: { "*": { deny: [{ principals: ["root"] }] } },
      replacements: () => replaced,
    });
    expect(verdicts(policy, "score")).toEqual(["allow by author.allow[0]", "deny by author.allow"]);
    replaced = { "*": { allow: [] }, score: { allow: [{ principals: ["eve"] }] } };
    expect(verdicts(policy, "score")).toEqual(["deny by author.allow", "allow by author.allow[0]"]);
    expect(verdicts(policy, "other")).toEqual(["deny by author.allow", "deny by author.allow"]);
    expect(verdict(policy, "score", caller("root", ["team"]))).toBe("deny by platform.deny[0]");
    replaced = {};
    expect(verdicts(policy, "score")).toEqual(["allow by author.allow[0]", "deny by author.allow"]);
  });
});

describe("a function that its author opens to everybody", () => {
  it("is open where the platform lets authors do so, has no rules of its own for it, and none replace the author's", () => {
    const open = { author: "public", letsAuthorsOpen: true } as const;
    expect(policyOf({ author: "public" }).isPublic("score")).toBe(false);
    expect(policyOf(open).isPublic("score")).toBe(true);
    expect(policyOf({ ...open, defaultAuthorization: "deny" }).isPublic("score")).toBe(true);
    expect(policyOf({ ...open, platform: { "*": TEAM } }).isPublic("score")).toBe(false);
    expect(policyOf({ ...open, replacements: () => ({ score: TEAM }) }).isPublic("score")).toBe(false);
    expect(policyOf(open).isPublic("other")).toBe(false);
  });
});

describe("a credential for some functions", () => {
  it("opens no other, whatever the rules say", () => {
    const limited = { ...member, functions: ["other"] };
    expect(verdict(policyOf({ author: TEAM }), "score", limited)).toBe("deny by credential.functions");
    expect(verdict(policyOf({ author: TEAM }), "other", limited)).toBe("allow by default");
  });
});

it("asks no rules that a name brings from the prototype of objects", () => {
  expect(verdicts(policyOf({ author: TEAM }), "constructor")).toEqual(["allow by default", "allow by default"]);
  expect(verdicts(policyOf({ defaultAuthorization: "deny" }), "toString")).toEqual([
    "deny by default",
    "deny by default",
  ]);
});

/** The policy of a service with `score`, whose rules the test gives, and `other`, which has none. */
function policyOf({ author, ...given }: Partial<PolicyOptions> & { readonly author?: Access | "public" }): Policy {
  return createPolicy({
    apis: [
      { name: "score", authorize: author ?? null },
      { name: "other", authorize: null },
    ],
    platform: {},
    replacements: () => ({}),
    defaultAuthorization: "authenticated",
    letsAuthorsOpen: false,
    ...given,
  });
}

function verdicts(policy: Policy, api: string): readonly string[] {
  return [verdict(policy, api, member), verdict(policy, api, stranger)];
}

function verdict(policy: Policy, api: string, subject: Parameters<Policy["decide"]>[1]): string {
  const { allowed, clause } = policy.decide(api, subject);
  return `${allowed ? "allow" : "deny"} by ${clause}`;
}

function caller(name: string, groups: readonly string[]): Parameters<Policy["decide"]>[1] {
  return {
    name,
    issuer: "https://idp.example.com",
    method: "oidc",
    groups,
    scopes: [],
    clientId: undefined,
    claims: {},
  };
}
