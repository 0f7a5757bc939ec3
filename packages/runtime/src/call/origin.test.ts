import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { originFault, originMatcher } from "./origin.ts";

const isAllowed = originMatcher([
  "https://app.example.com",
  "https://*.pages.example.org:8443",
  "http://localhost:5173",
]);

describe("originMatcher", () => {
  it.each([
    "https://app.example.com",
    "https://a.pages.example.org:8443",
    "https://a-b_c.pages.example.org:8443",
    "http://localhost:5173",
  ])("lets a configured origin in: %s", (origin) => {
    expect(isAllowed(origin)).toBe(true);
  });

  it.each([
    ["another site", "https://evil.example"],
    ["sandboxed pages", "null"],
    ["none", ""],
    ["a suffix", "https://app.example.com.evil.example"],
    ["a prefix", "https://evil-app.example.com"],
    ["a deeper name", "https://x.app.example.com"],
    ["the other scheme", "http://app.example.com"],
    ["another port", "https://app.example.com:8443"],
    ["its default port", "https://app.example.com:443"],
    ["a path", "https://app.example.com/"],
    ["a user", "https://app.example.com@evil.example"],
    ["another case", "https://APP.example.com"],
    ["two origins", "https://app.example.com, https://evil.example"],
    ["a line break", "https://app.example.com\nhttps://evil.example"],
    ["the bare domain", "https://pages.example.org:8443"],
    ["two labels", "https://a.b.pages.example.org:8443"],
    ["an empty label", "https://.pages.example.org:8443"],
    ["a label with other characters", "https://evil.example/.pages.example.org:8443"],
    ["a dot that stands for anything", "https://a.pagesxexample.org:8443"],
    ["the pattern without port", "https://a.pages.example.org"],
    ["the pattern itself", "https://*.pages.example.org:8443"],
    ["localhost on another port", "http://localhost"],
    ["the star", "*"],
  ])("keeps %s out: %s", (_what, origin) => {
    expect(isAllowed(origin)).toBe(false);
  });

  it("lets every page in by *, and still nothing that is no origin", () => {
    const isAny = originMatcher(["*"]);
    expect(isAny("https://evil.example")).toBe(true);
    expect(["null", "", "*", "https://a.example, https://b.example", "file:///x"].filter(isAny)).toEqual([]);
  });

  it("lets no other text in than the configured ones", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.domain().map((name) => `https://${name}`),
        ),
        (text) => {
          expect(originMatcher(["https://app.example.com"])(text)).toBe(text === "https://app.example.com");
        },
      ),
    );
  });

  it("lets exactly one label stand for *.", () => {
    const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 0, maxLength: 4 }), (labels) => {
        const origin = `https://${[...labels, "example.com"].join(".")}`;
        expect(originMatcher(["https://*.example.com"])(origin)).toBe(labels.length === 1);
      }),
    );
  });
});

describe("originFault", () => {
  it.each(["*", "https://app.example.com", "http://localhost:5173", "https://*.example.com", "http://[::1]:8080"])(
    "finds nothing wrong with %s",
    (origin) => {
      expect(originFault(origin)).toBeUndefined();
    },
  );

  it.each([
    ["https://App.example.com", "expected it as browsers write it: https://app.example.com"],
    ["https://app.example.com:443", "expected it as browsers write it: https://app.example.com"],
    ["https://*.example.com:443", "expected it as browsers write it: https://*.example.com"],
    ["https://app.example.com/", "expected it as browsers write it: https://app.example.com"],
    ["https://*.com", "expected a domain of its own behind *., not a whole top-level domain"],
    ["null", 'expected "*" or scheme://host[:port]'],
    ["ftp://example.com", 'expected "*" or scheme://host[:port]'],
    ["https://exa mple.com", "expected scheme://host[:port]"],
    ["https://example.com:99999", "expected scheme://host[:port]"],
  ])("tells what is wrong with %s", (origin, fault) => {
    expect(originFault(origin)).toBe(fault);
  });
});
