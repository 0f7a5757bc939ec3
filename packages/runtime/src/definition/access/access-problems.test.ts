import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessProblems } from "./access-problems.ts";

const texts = (value: unknown): readonly string[] =>
  accessProblems(value, "/authorize").map(({ path, message }) => `${path}: ${message}`);

describe("accessProblems", () => {
  it("finds nothing wrong with every key used well", () => {
    const rule = {
      principals: ["svc-*"],
      groups: ["iris-team"],
      scopes: ["predict"],
      clients: ["*"],
      issuer: "https://idp.example.com",
      methods: ["oidc"],
      claim: ["kubernetes.io", "namespace"],
      anyOf: ["prod", true, 1],
      allOf: ["prod"],
      exists: true,
      prefix: "p",
      suffix: "d",
      gte: 1,
      lte: 2,
    };
    const denial = { notGroups: ["a"], notIssuer: ["i"], claim: "/a~1b/c", notAnyOf: [false], exists: false };
    expect(texts({ allow: [rule], deny: [rule, denial] })).toEqual([]);
    expect(texts({})).toEqual([]);
  });

  it.each([
    [[], '/authorize: expected rules such as { "allow": [{ "groups": ["team"] }] }, got a list of 0'],
    [{ alow: [] }, '/authorize/alow: unknown key "alow", did you mean "allow"?'],
    [{ allow: { groups: ["a"] } }, "/authorize/allow: expected a list of rules, got an object"],
    [{ allow: [{}] }, "/authorize/allow/0: expected at least one key: an empty rule would fit every caller"],
    [{ allow: [{ group: ["a"] }] }, '/authorize/allow/0/group: unknown key "group", did you mean "groups"?'],
    [
      { allow: [{ notGroups: ["a"] }] },
      '/authorize/allow/0/notGroups: unknown key "notGroups"; it stands in deny rules alone',
    ],
    [{ allow: [{ groups: [] }] }, "/authorize/allow/0/groups: expected at least one item"],
    [{ allow: [{ groups: "a" }] }, '/authorize/allow/0/groups: expected a list, each item a text, with "*"'],
    [{ allow: [{ groups: ["a*b"] }] }, '/authorize/allow/0/groups/0: expected a text, with "*" at one end at the most'],
    [{ allow: [{ groups: ["*a*"] }] }, "/authorize/allow/0/groups/0: expected a text"],
    [{ allow: [{ methods: ["jwt"] }] }, "/authorize/allow/0/methods/0: expected one of anonymous, oidc"],
    [{ allow: [{ claim: "/a" }] }, "/authorize/allow/0: expected a test of the claim: anyOf"],
    [{ allow: [{ anyOf: ["a"] }] }, '/authorize/allow/0: "anyOf" needs "claim"'],
    [{ allow: [{ claim: "a", anyOf: ["x"] }] }, "/authorize/allow/0/claim: expected a JSON Pointer"],
    [{ allow: [{ claim: "/a", anyOf: [null] }] }, "/authorize/allow/0/anyOf/0: expected true, false, a number"],
    [{ allow: [{ claim: "/a", exists: false }] }, "/authorize/allow/0/exists: expected true: what is missing"],
    [{ allow: [{ claim: "/a", gte: "1" }] }, '/authorize/allow/0/gte: expected a number, got "1"'],
  ])("says what is wrong with %j and where", (value, expected) => {
    expect(texts(value).join("\n")).toContain(expected);
  });

  it("takes any JSON without throwing", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void accessProblems({ allow: value, deny: [value] }, "")));
  });
});
