import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimAt, holdsOneOf, parseClaimPath } from "./claim-path.ts";

describe("parseClaimPath", () => {
  it.each([
    ["sub", ["sub"]],
    ["https://a.example/groups", ["https://a.example/groups"]],
    ["/realm_access/roles", ["realm_access", "roles"]],
    ["/a~1b/m~0n/~01", ["a/b", "m~n", "~1"]],
    [
      ["kubernetes.io", "namespace"],
      ["kubernetes.io", "namespace"],
    ],
  ])("reads %j as %j", (path, names) => {
    expect(parseClaimPath(path)).toEqual(names);
  });

  it.each([[""], ["/"], ["/a//b"], [[]], [["a", ""]], ["/a~2b"], ["/a~"]])("refuses %j", (path) => {
    expect(() => parseClaimPath(path)).toThrow(RangeError);
  });

  it("reads back every list of names written as a pointer", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
        const pointer = names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
        expect(parseClaimPath(pointer)).toEqual(names);
      }),
    );
  });
});

describe("claimAt", () => {
  const claims = JSON.parse('{"a":{"b":1,"list":["x"]},"__proto__":{"c":2},"text":"abc"}') as object;

  it("walks members", () => {
    expect(claimAt(claims, ["a", "b"])).toBe(1);
  });

  it("takes a member named __proto__ for what it is", () => {
    expect(claimAt(claims, ["__proto__", "c"])).toBe(2);
    expect(claimAt(claims, ["c"])).toBeUndefined();
  });

  it.each([
    ["toString"],
    ["constructor"],
    ["a", "__proto__"],
    ["a", "list", "0"],
    ["a", "list", "length"],
    ["text", "length"],
    ["a", "b", "toFixed"],
    ["a", "x", "y"],
  ])("finds nothing at %j %j %j", (...path) => {
    expect(claimAt(claims, path)).toBeUndefined();
  });
});

describe("holdsOneOf", () => {
  it.each([
    ["x", ["x"], true],
    [["y", "x"], ["x"], true],
    [true, [true], true],
    ["true", [true], false],
    [1, ["1"], false],
    [[["x"]], ["x"], false],
    [{ x: "x" }, ["x"], false],
    [null, ["null"], false],
    [undefined, ["undefined"], false],
    ["x,y", ["x"], false],
    ["X", ["x"], false],
    ["*", ["x"], false],
  ] as const)("%j holds one of %j: %j", (claim, values, expected) => {
    expect(holdsOneOf(claim, values)).toBe(expected);
  });
});
