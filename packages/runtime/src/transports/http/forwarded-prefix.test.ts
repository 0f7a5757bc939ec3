import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forwardedPrefixOf } from "./forwarded-prefix.ts";

const PROXIES = ["10.0.0.0/8"];

describe("forwardedPrefixOf", () => {
  it.each([
    ["/svc", "/svc"],
    ["/team-a/svc.v1_~", "/team-a/svc.v1_~"],
    ["/svc/", "/svc"],
    ["/outer, /inner", "/outer/inner"],
    ["/", ""],
    ["", ""],
  ])("takes %j of a trusted proxy as %j", (header, prefix) => {
    expect(forwardedPrefixOf("10.1.2.3", header, PROXIES)).toBe(prefix);
  });

  it.each([
    ["a host", "//evil.example"],
    ["a scheme", "javascript:alert(1)"],
    ["markup", "/<script>"],
    ["quotes", '/a"b'],
    ["a line break", "/a\r\nset-cookie: x"],
    ["an escape", "/%2e%2e"],
    ["a backslash", "/\\evil.example"],
    ["a way up", "/a/../b"],
    ["a dot", "/."],
    ["a query", "/a?b"],
    ["a path without a slash", "svc"],
    ["more than 512 characters", `/${"a".repeat(512)}`],
  ])("takes %s for no prefix", (_name, header) => {
    expect(forwardedPrefixOf("10.1.2.3", header, PROXIES)).toBe("");
  });

  it("does not believe a peer that is not trusted", () => {
    expect(forwardedPrefixOf("192.0.2.1", "/svc", PROXIES)).toBe("");
    expect(forwardedPrefixOf("10.1.2.3", "/svc", [])).toBe("");
  });

  it("gives plain path segments or nothing, whatever the header says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (header) => {
        expect(forwardedPrefixOf("10.1.2.3", header, PROXIES)).toMatch(/^(?:\/[A-Za-z0-9._~-]+)*$/);
      }),
    );
  });
});
