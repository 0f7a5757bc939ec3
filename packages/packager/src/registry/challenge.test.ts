import fc from "fast-check";
import { expect, it } from "vitest";
import { parseChallenges } from "./challenge.ts";

const plain = (header: string): unknown =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

it.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [
      [
        "bearer",
        { realm: "https://auth.docker.io/token", service: "registry.docker.io", scope: "repository:a/b:pull,push" },
      ],
    ],
  ],
  ['Basic realm="Registry Realm"', [["basic", { realm: "Registry Realm" }]]],
  // Source: RFC 9110, 11.6.1: several challenges in one field; blanks around "="; a token68; empty list elements.
  [
    'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
    [
      ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
      ["basic", { realm: "simple" }],
    ],
  ],
  [
    "Negotiate, , Basic realm = x",
    [
      ["negotiate", {}],
      ["basic", { realm: "x" }],
    ],
  ],
  [
    "Negotiate YWJj==, Basic",
    [
      ["negotiate", {}],
      ["basic", {}],
    ],
  ],
  ['Bearer realm="a, Basic realm=b"', [["bearer", { realm: "a, Basic realm=b" }]]],
  ["", []],
  ["realm=x", []],
])("reads %s", (header, expected) => {
  expect(plain(header)).toEqual(expected);
});

const token = fc.stringMatching(/^[A-Za-z0-9-]{1,10}$/);
const quoted = fc.string({ unit: "grapheme-ascii", maxLength: 30 });

it("reads back any challenges that are written with quotes", () => {
  const challenge = fc.tuple(
    token,
    fc.uniqueArray(
      fc.tuple(
        token.map((name) => name.toLowerCase()),
        quoted,
      ),
      { selector: ([name]) => name, minLength: 1, maxLength: 4 },
    ),
  );
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 3 }), (challenges) => {
      const header = challenges.map(
        ([scheme, parameters]) =>
          `${scheme} ${parameters.map(([name, value]) => `${name}="${value.replaceAll(/[\\"]/g, "\\$&")}"`).join(", ")}`,
      );
      expect(plain(header.join(", "))).toEqual(
        challenges.map(([scheme, parameters]) => [scheme.toLowerCase(), Object.fromEntries(parameters)]),
      );
    }),
  );
});

it("takes any text without an error", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[Bb="\\, a]{0,40}$/)),
      (header) => void parseChallenges(header),
    ),
  );
});
