import { describe, expect, it } from "vitest";
import type { Access, AllowRule, DenyRule } from "../../definition/access/types.ts";
import { issuerProblems } from "./issuer-problems.ts";

const PREFIXES = ["https://a.example#", "mail:"];
const faultsOf = (access: Access, prefixes: readonly string[] = PREFIXES): readonly string[] =>
  issuerProblems(access, "score", prefixes).map(({ path, message }) => `${path}: ${message}`);
const denials = (rule: DenyRule, prefixes = PREFIXES): number => faultsOf({ deny: [rule] }, prefixes).length;

describe("rules for callers of several issuers", () => {
  it("must say whose groups and addresses let callers in", () => {
    expect(faultsOf({ allow: [{ groups: ["ml"] }, { groups: ["ml"], issuer: "https://a.example" }] })).toEqual([
      'score.allow[0]: expected "issuer" beside "groups": several issuers are configured, and each could say so of its own callers',
    ]);
  });

  it("must say whose callers let in by the end of their names", () => {
    const mistakes = (rule: AllowRule): number => faultsOf({ allow: [rule] }).length;
    expect(mistakes({ principals: ["*#ada"] })).toBe(1);
    expect(mistakes({ principals: ["*#ada"], issuer: "https://a.example" })).toBe(0);
    expect(mistakes({ principals: ["*#ada"], methods: ["basic"] })).toBe(0);
    expect(mistakes({ principals: ["*", "mail:ada", "mail:*"] })).toBe(0);
  });

  it("must not keep out a name that no caller has any more", () => {
    expect(faultsOf({ deny: [{ groups: ["x"] }, { principals: ["mail:bob", "svc-old"] }] })).toEqual([
      'score.deny[1].principals: expected the name with its issuer, as "https://a.example#svc-old", or "*#svc-old", or "methods" beside it: several issuers are configured, and names of their callers begin with them',
    ]);
  });

  it.each<[DenyRule, number]>([
    [{ principals: ["https://a.example#svc-old"] }, 0],
    [{ principals: ["https://a.example#svc-*", "https://*"] }, 0],
    [{ principals: ["*svc-old"] }, 0],
    [{ principals: ["*"] }, 0],
    [{ principals: ["apikey:k1", "spiffe://prod/x"] }, 0],
    [{ principals: ["svc-old"], methods: ["basic"] }, 0],
    [{ principals: ["svc-old"], methods: ["basic", "oidc"] }, 1],
    // The rule never matches all the same.
    [{ principals: ["svc-old"], issuer: "https://a.example" }, 1],
    [{ principals: ["svc-*"] }, 1],
    [{ notPrincipals: ["svc-old"] }, 0],
  ])("%j: %i mistakes", (rule, count) => {
    expect(denials(rule)).toBe(count);
  });

  it("may say less where there is one issuer, or none", () => {
    for (const prefixes of [[], [""]])
      expect(faultsOf({ allow: [{ groups: ["ml"] }], deny: [{ principals: ["svc-old"] }] }, prefixes)).toEqual([]);
  });
});
