import fc from "fast-check";
import { expect, it } from "vitest";
import { envNameOf } from "./env-name.ts";
import { KEY_BY_VARIABLE, KEY_PATHS } from "./keys.ts";

it.each([
  ["service", "BENTO_SERVICE"],
  ["server.requestTimeout", "BENTO_SERVER_REQUEST_TIMEOUT"],
  ["server.limits.queueRows", "BENTO_SERVER_LIMITS_QUEUE_ROWS"],
  ["security.allowInsecureConnections", "BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS"],
  ["server.protocols.kserveV1", "BENTO_SERVER_PROTOCOLS_KSERVE_V1"],
])("names the variable of %s %s", (path, expected) => {
  expect(envNameOf(path)).toBe(expected);
});

it("gives every key a variable of its own", () => {
  expect(KEY_BY_VARIABLE.size).toBe(KEY_PATHS.length);
});

it("keeps every word of a path, in upper case, in its order", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{1,6}$/);
  const name = fc.array(word, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      const camel = (words: string[]): string =>
        words.map((text, index) => (index === 0 ? text : text.charAt(0).toUpperCase() + text.slice(1))).join("");
      expect(envNameOf(names.map(camel).join("."))).toBe(["bento", ...names.flat()].join("_").toUpperCase());
    }),
  );
});
