import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BOUNDARY, GOOD, type GoodCall, PNG } from "./good-calls.ts";
import { type RawReply, sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";
import { Victim } from "./victim.ts";

let victim: RunningVictim;
beforeAll(async () => {
  victim = await startVictim(Victim);
});
afterAll(() => victim.stop());

const calls: readonly GoodCall[] = Object.values(GOOD);
const paths = [...new Set(calls.map(({ path }) => path))];
const anyPath = fc.constantFrom(...paths);
const anyGood = fc.constantFrom(...calls);

/** Exactly one reply: 2xx, a 4xx or, to a caller who gave a time, the 504 of one that was too short, with problem details that say something. */
async function expectOrderlyAnswer(request: Parameters<typeof toWire>[0]): Promise<RawReply> {
  const { replies, closed } = await sendRaw(toWire(request), { port: victim.port, withinMs: 15_000 });
  expect(closed).toBe(true);
  expect(replies.length).toBe(1);
  const [reply] = replies;
  if (reply === undefined) throw new Error("no reply");
  expect(reply.headers.get("x-request-id")).toBeTruthy();
  if (reply.status === 200) return reply;
  const hasDeadline = (request.headers ?? []).some(([name]) => name === "x-request-timeout-ms");
  expect({ status: reply.status, text: reply.text, log: victim.logLines.at(-1) }).toMatchObject({
    status: expect.toSatisfy((status: number) => (status >= 400 && status < 500) || (hasDeadline && status === 504)),
  });
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  const { detail, errors } = JSON.parse(reply.text) as { detail: string; errors?: { path: string }[] };
  expect(detail.length).toBeGreaterThan(10);
  // Places are JSON Pointers (RFC 6901) without half characters in them.
  for (const { path } of errors ?? []) expect(path).toMatch(/^(?:\/(?:[^~]|~[01])*)?$/su);
  return reply;
}

const header = (type: string): readonly (readonly [string, string])[] => [["content-type", type]];
const asText = (body: string | Uint8Array): Buffer => Buffer.from(body);

/** Values that JSON can hold but most schemas do not expect; keys that some code would trip over. */
const key = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "length",
    "df",
    "a",
    "b",
    "x",
    "factor",
    "image",
    "picture",
    "meta",
    "columns",
    "data",
    "then",
    "toJSON",
    "",
    "0",
    "-1",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const leaf = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    0.5,
    1e308,
    -1e308,
    5e-324,
    2 ** 53,
    2 ** 31,
    255,
    256,
    "",
    "1",
    "NaN",
    "Infinity",
    "red",
    "AA==",
    "data:,x",
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const anyJson = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => {
      // Object.fromEntries makes __proto__ an own key, as JSON.parse does.
      return Object.fromEntries(entries);
    }),
  ),
})).value;

const mediaType = fc.oneof(
  fc.constantFrom(
    "application/json",
    "text/csv",
    "text/plain",
    "application/octet-stream",
    "image/png",
    `multipart/form-data; boundary=${BOUNDARY}`,
    "multipart/form-data; boundary=x",
    "application/x-ndjson",
    "application/vnd.x+json",
  ),
  fc.string({ minLength: 1, maxLength: 30 }).filter((text) => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)),
);

/** One change of a body: a byte replaced, bytes left out, doubled, swapped with those of another body. */
const mutation = fc.record({
  kind: fc.constantFrom("replace", "delete", "insert", "double", "splice"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 12 }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
    fc.constantFrom(
      ...[
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "1e999",
        "-",
        "\\",
        "\0",
        "\r\n",
        "--",
        "\\ud800",
        "9".repeat(30),
      ].map((text) => new Uint8Array(Buffer.from(text))),
    ),
  ),
});

function mutate(body: Buffer, changes: readonly (typeof mutation extends fc.Arbitrary<infer M> ? M : never)[]): Buffer {
  let result = body;
  for (const { kind, at, length, bytes } of changes) {
    const from = Math.floor(at * result.length);
    const head = result.subarray(0, from);
    const tail = result.subarray(from + length);
    const part = result.subarray(from, from + length);
    const pieces = {
      replace: [head, bytes, tail],
      delete: [head, tail],
      insert: [head, bytes, part, tail],
      double: [head, part, part, tail],
      splice: [tail, head, bytes],
    };
    result = Buffer.concat(pieces[kind]);
  }
  return result;
}

describe("whatever comes", () => {
  it("as JSON to any API is served or refused in words", async () => {
    await fc.assert(
      fc.asyncProperty(anyPath, anyJson, async (path, value) => {
        await expectOrderlyAnswer({ path, headers: header("application/json"), body: JSON.stringify(value) ?? "null" });
      }),
      { numRuns: 400 },
    );
  });

  it("in place of one value of a good body is served or refused with a place", async () => {
    const jsonCalls = calls.filter(({ contentType }) => contentType === "application/json");
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...jsonCalls), fc.nat(), anyJson, async ({ path, body }, at, value) => {
        const values: unknown[] = [];
        JSON.parse(body.toString(), (_key, item: unknown) => {
          values.push(item);
          return item;
        });
        let seen = -1;
        const target = at % values.length;
        const changed: unknown = JSON.parse(body.toString(), (_key, item: unknown) => {
          seen += 1;
          return seen === target ? value : item;
        });
        await expectOrderlyAnswer({
          path,
          headers: header("application/json"),
          body: JSON.stringify(changed) ?? "null",
        });
      }),
      { numRuns: 300 },
    );
  });

  it("as bytes under any content type is served or refused in words", async () => {
    await fc.assert(
      fc.asyncProperty(anyPath, mediaType, fc.uint8Array({ maxLength: 300 }), async (path, type, body) => {
        await expectOrderlyAnswer({ path, headers: header(type), body });
      }),
      { numRuns: 300 },
    );
  });

  it("of a good body changed here and there is served or refused in words", async () => {
    await fc.assert(
      fc.asyncProperty(anyGood, fc.array(mutation, { minLength: 1, maxLength: 4 }), async (good, changes) => {
        await expectOrderlyAnswer({
          path: good.path,
          headers: header(good.contentType),
          body: mutate(asText(good.body), changes),
        });
      }),
      { numRuns: 500 },
    );
  });

  it("of a good body under another API's path and type is served or refused in words", async () => {
    await fc.assert(
      fc.asyncProperty(anyPath, anyGood, anyGood, async (path, { body }, { contentType }) => {
        await expectOrderlyAnswer({ path, headers: header(contentType), body });
      }),
      { numRuns: 250 },
    );
  });

  it("of a picture changed here and there is decoded or refused in words", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
        await expectOrderlyAnswer({ path: "/picture", headers: header("image/png"), body: mutate(PNG, changes) });
      }),
      { numRuns: 200 },
    );
  });

  it("in any headers is served or refused in words", async () => {
    const name = fc.constantFrom(
      "accept",
      "accept-encoding",
      "content-encoding",
      "x-request-id",
      "x-request-timeout-ms",
      "x-forwarded-for",
      "user-agent",
      "origin",
      "cookie",
      "range",
      "expect",
      "authorization",
      "x-forwarded-prefix",
      "traceparent",
    );
    const value = fc
      .string({ unit: "binary-ascii", maxLength: 40 })
      .map((text) => text.replaceAll(/[\0-\x1f\x7f]/g, ""));
    await fc.assert(
      fc.asyncProperty(anyGood, fc.array(fc.tuple(name, value), { maxLength: 4 }), async (good, headers) => {
        await expectOrderlyAnswer({
          path: good.path,
          headers: [...header(good.contentType), ...headers],
          body: good.body,
        });
      }),
      { numRuns: 250 },
    );
  });

  it("leaves the server as it was", async () => {
    for (const good of calls) {
      const { status } = await expectOrderlyAnswer({
        path: good.path,
        headers: header(good.contentType),
        body: good.body,
      });
      expect(status).toBe(200);
    }
    expect(victim.admission).toMatchObject({ running: 0, waiting: 0 });
    expect(victim.logLines).toEqual([]);
  });
});
