import { expect, it } from "vitest";
import { parseClaims } from "./parse-claims.ts";

it("reads values as JSON where they are, else as text", () => {
  const args = ["tenant=ml", "level=3", "admin=true", 'quoted="3"', '/realm/roles=["a"]', "empty=", "eq=a=b", "bad={a"];
  expect(Object.fromEntries(parseClaims(args))).toEqual({
    tenant: "ml",
    level: 3,
    admin: true,
    quoted: "3",
    "/realm/roles": ["a"],
    empty: "",
    eq: "a=b",
    bad: "{a",
  });
});

it.each(["tenant", "=ml", ""])("refuses %j", (arg) => {
  expect(() => parseClaims([arg])).toThrow("--claim: expected name=value");
});
