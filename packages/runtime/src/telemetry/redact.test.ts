import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactFields, redactText } from "./redact.ts";

describe("redactFields", () => {
  it("gives sizes in place of bytes, and texts in place of what JSON can't carry", () => {
    const facts = {
      body: new Uint8Array(600),
      floats: new Float32Array(2),
      big: 7n,
      call: () => 1,
      day: new Date(0),
      bad: new Date(NaN),
    };
    expect(redactFields(facts)).toEqual({
      body: "[Uint8Array of 600 bytes]",
      floats: "[Float32Array of 8 bytes]",
      big: "7n",
      call: "[function]",
      day: "1970-01-01T00:00:00.000Z",
      bad: "Invalid Date",
    });
  });

  it("ends with cycles, long chains of causes, wide and deep objects", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    let error = new Error("0");
    for (let index = 1; index < 100; index += 1) error = new Error(String(index), { cause: error });
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index]));
    const facts = { loop, error, wide, long: "x".repeat(100_000), list: Array.from({ length: 5000 }, () => "y") };
    const text = JSON.stringify(redactFields(facts));
    expect(text.length).toBeLessThan(20_000);
    expect(text).toContain("4960 more");
    expect(text).toContain("more causes");
  });

  it("survives objects that throw", () => {
    const hostile = {
      get boom(): string {
        throw new Error("no");
      },
    };
    expect(redactFields({ hostile })).toEqual({ unreadable: true });
  });

  it("turns anything into JSON of bounded size", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withMap: true }),
        ),
        (facts) => {
          const text = JSON.stringify(redactFields(facts));
          expect(typeof text).toBe("string");
          expect(JSON.parse(text)).toBeTypeOf("object");
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("redactText", () => {
  it("cuts long texts and keeps ordinary ones", () => {
    expect(redactText("the basic idea of a bearer")).toBe("the basic idea of a bearer");
    expect(redactText("a".repeat(3000))).toBe(`${"a".repeat(2000)}… (3000 characters)`);
  });
});

/** A secret that no name or form of its own gives away: letters and digits, some signs that credentials have. */
const SECRET = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9+/_-]{11,40}$/).map((text) => `S3cr3t${text}`);
const NAMES = fc.constantFrom(
  "authorization",
  "Proxy-Authorization",
  "cookie",
  "Set-Cookie",
  "x-api-key",
  "X-Api-Key",
  "x-auth-token",
  "password",
  "client_secret",
  "access_token",
  "x-amz-security-token",
  "signature",
);

/** Where errors of HTTP clients, drivers and services keep what they were called with. */
const PLACES: Readonly<Record<string, (name: string, secret: string) => unknown>> = {
  "headers of a cause": (name, secret) =>
    new Error("failed", { cause: Object.assign(new Error("inner"), { config: { headers: { [name]: secret } } }) }),
  "raw headers": (name, secret) => ({ rawHeaders: ["accept", "*/*", name, secret] }),
  "pairs of headers": (name, secret) => ({
    headers: [
      ["accept", "*/*"],
      [name, secret],
    ],
  }),
  "a map of headers": (name, secret) => ({ headers: new Map([[name, secret]]) }),
  "the text of a request": (name, secret) => ({
    _header: `POST / HTTP/1.1\r\n${name}: ${secret}; a b\r\nx: y\r\n\r\n`,
  }),
  "a message with a query": (name, secret) => new Error(`GET https://idp/token?a=1&${name}=${secret}&b=2 failed`),
  "a message with JSON": (name, secret) => new Error(`answered ${JSON.stringify({ a: 1, [name]: secret })}`),
  "a message with JSON in JSON": (name, secret) =>
    new Error(`answered ${JSON.stringify({ body: JSON.stringify({ [name]: secret }) })}`),
  "a message with an address": (_name, secret) => new Error(`connect redis://user:${secret}@host:1/0 failed`),
  "a message with a scheme": (_name, secret) => new Error(`refused Bearer ${secret} and basic ${secret}`),
  "an error of errors": (name, secret) =>
    new AggregateError([Object.assign(new Error("a"), { [name]: secret })], "all"),
};

describe("secrets in what is logged", () => {
  it.each(Object.entries(PLACES))("are not shown: %s", (_place, make) => {
    fc.assert(
      fc.property(NAMES, SECRET, (name, secret) => {
        const facts = { err: make(name, secret), list: [make(name, secret)] };
        expect(JSON.stringify(redactFields(facts))).not.toContain(secret);
      }),
      { numRuns: 100 },
    );
  });

  it("leave the words around them readable", () => {
    expect(redactText("security.audit.webhook.authorization: expected a file")).toBe(
      "security.audit.webhook.authorization: expected a file",
    );
    expect(redactText("the token expired: ask for another one")).toBe("the token expired: ask for another one");
    expect(redactText("https://a/b?token=abc&x=1 answered 500")).toBe("https://a/b?token=[redacted]&x=1 answered 500");
    expect(redactText(`key bento_k1_${"a".repeat(32)} is unknown`)).toBe("key [redacted] is unknown");
  });
});
