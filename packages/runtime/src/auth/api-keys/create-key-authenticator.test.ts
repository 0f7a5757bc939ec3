import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ServingError } from "../../errors.ts";
import { callerWith } from "../caller.fixture.ts";
import { createOidcAuthenticator } from "../oidc/create-oidc-authenticator.ts";
import { TestClock } from "../oidc/testing.fixture.ts";
import {
  createKeyAuthenticator,
  type KeyAuthenticator,
  type KeyAuthenticatorOptions,
} from "./create-key-authenticator.ts";
import { findKey, isKey } from "./find-key.ts";

const SECRET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";
const KEY = `bento_k1_${SECRET}`;
const OTHER = `bento_k1_${SECRET.replace("0", "1")}`;
const NOW = Date.parse("2026-06-01T12:00:00Z");

const lineOf = (key: string, more: object = {}): string =>
  JSON.stringify({
    id: key.split("_")[1],
    sha256: createHash("sha256").update(key).digest("hex"),
    owner: "r-team",
    ...more,
  });

let dir = "";
let open: KeyAuthenticator | undefined;
const faults: unknown[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-keys-"));
  faults.length = 0;
});
afterEach(async () => {
  open?.close();
  await rm(dir, { recursive: true });
});

const write = async (...lines: readonly string[]): Promise<void> => {
  await writeFile(join(dir, "new"), lines.join("\n"));
  await rename(join(dir, "new"), join(dir, "keys"));
};
const start = async (options: Partial<KeyAuthenticatorOptions> = {}): Promise<KeyAuthenticator> => {
  open = await createKeyAuthenticator({
    file: join(dir, "keys"),
    header: "x-api-key",
    asBearer: false,
    onFault: (error) => faults.push(error),
    clock: new TestClock(NOW),
    everyMs: 5,
    ...options,
  });
  return open;
};
const refusal = (reason: string, message: string): unknown =>
  expect.objectContaining({ code: "UNAUTHENTICATED", reason, message, challenge: ['ApiKey realm="bento-ts"'] });
const INVALID = refusal("invalid_credentials", "the credentials are not valid");
const AMBIGUOUS = refusal("ambiguous_credentials", "one credential is expected");

describe("an API key", () => {
  it("names its caller by its id, with what stands beside it in the file", async () => {
    const functions = ["score"];
    await write(lineOf(KEY, { groups: ["r"], scopes: ["predict"], functions, expires: "2027-01-01T00:00:00Z" }));
    const principal = (await start()).verify(KEY);
    expect(principal).toEqual({
      name: "apikey:k1",
      issuer: undefined,
      method: "apikey",
      groups: ["r"],
      scopes: ["predict"],
      clientId: undefined,
      credentialId: "k1",
      claims: { owner: "r-team" },
      functions,
      expiresAtMs: Date.UTC(2027, 0, 1),
    });
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.groups)).toBe(true);
  });

  it.each([
    ["another secret", OTHER],
    ["another id", `bento_k2_${SECRET}`],
    ["another prefix", `bent_k1_${SECRET}`],
    ["a longer text", `${KEY}a`],
    ["another case", KEY.toUpperCase()],
    ["its own digest", createHash("sha256").update(KEY).digest("hex")],
    ["its digest in the form of a key", `bento_k1_${createHash("sha256").update(KEY).digest("hex")}`],
    ["the name of a member of every object", `bento_constructor_${SECRET}`],
  ])("is not %s", async (_, key) => {
    await write(lineOf(KEY));
    const keys = await start();
    expect(() => keys.verify(key)).toThrow(INVALID as Error);
  });

  it("holds from notBefore, and until expires", async () => {
    const clock = new TestClock(NOW);
    await write(lineOf(KEY, { notBefore: "2026-06-01T12:00:01Z", expires: "2026-06-01T12:00:02Z" }));
    const keys = await start({ clock });
    expect(() => keys.verify(KEY)).toThrow(refusal("not_yet_valid", "the credentials are not yet valid") as Error);
    clock.advance(1_000);
    expect(keys.verify(KEY).name).toBe("apikey:k1");
    clock.advance(1_000);
    expect(() => keys.verify(KEY)).toThrow(refusal("expired", "the credentials have expired") as Error);
    // Of a key that nobody holds, nothing is told.
    expect(() => keys.verify(OTHER)).toThrow(INVALID as Error);
  });

  it("is revoked by removing its line", async () => {
    await write(lineOf(KEY), lineOf(`bento_k2_${SECRET}`));
    const keys = await start();
    await write(lineOf(`bento_k2_${SECRET}`));
    await vi.waitFor(() => expect(() => keys.verify(KEY)).toThrow(INVALID as Error));
    expect(keys.verify(`bento_k2_${SECRET}`).name).toBe("apikey:k2");
  });
});

describe("a file of keys that is broken", () => {
  it("stops the start and names its lines", async () => {
    await write(lineOf(KEY), "oops", lineOf(KEY));
    await expect(start()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: 'API keys: line 2: expected a JSON object; line 3: the id "k1" stands on a line before',
    });
  });

  it("changes nothing later on, and is told", async () => {
    await write(lineOf(KEY));
    const keys = await start();
    await write("oops");
    await vi.waitFor(() => expect(faults).toHaveLength(1));
    expect(keys.verify(KEY).name).toBe("apikey:k1");
    expect(faults[0]).toMatchObject({ message: "API keys: line 1: expected a JSON object" });
  });
});

type Fields = Parameters<typeof callerWith>[0];

describe("findKey", () => {
  const places = { header: "x-api-key", asBearer: false };
  const bearer = { header: "x-api-key", asBearer: true };
  const find = (fields: Fields, where = places): string | undefined => findKey(callerWith(fields), where);

  it.each([
    [{ "x-api-key": KEY }, places],
    [{ authorization: `ApiKey ${KEY}` }, places],
    [{ authorization: `apikey  ${KEY}` }, places],
    [{ authorization: `Bearer ${KEY}` }, bearer],
    [
      { "x-team-key": KEY, "x-api-key": "something of a gateway" },
      { header: "x-team-key", asBearer: false },
    ],
  ])("finds the key of %j", (fields, where) => {
    expect(find(fields, where)).toBe(KEY);
  });

  it.each([
    [{}, places],
    [{ authorization: `Bearer ${KEY}` }, places],
    [{ authorization: "Bearer a.b.c" }, bearer],
    [{ authorization: `Basic ${KEY}` }, bearer],
    [{ authorization: KEY }, bearer],
    [{ cookie: `x-api-key=${KEY}`, "proxy-authorization": `ApiKey ${KEY}`, "x-forwarded-api-key": KEY }, bearer],
  ])("leaves %j to others", (fields, where) => {
    expect(find(fields, where)).toBeUndefined();
  });

  it.each([
    "",
    " ",
    "secret",
    `${KEY} `,
    `${KEY}, ${KEY}`,
    `Bearer ${KEY}`,
    `"${KEY}"`,
    "a.b.c",
    `${KEY}\n`,
    "a".repeat(9000),
  ])("refuses %j in a key's place", (text) => {
    expect(() => find({ "x-api-key": text })).toThrow(INVALID as Error);
    expect(() => find({ authorization: `ApiKey ${text}` })).toThrow(INVALID as Error);
  });

  it.each<Fields>([
    { "x-api-key": [KEY, KEY] },
    { "x-api-key": [KEY, OTHER] },
    { "x-api-key": KEY, authorization: `ApiKey ${KEY}` },
    { "x-api-key": KEY, authorization: `Bearer ${KEY}` },
    { authorization: [`ApiKey ${KEY}`, `ApiKey ${KEY}`] },
    { authorization: ["Bearer a.b.c", `ApiKey ${KEY}`] },
  ])("refuses %j: which of them counts?", (fields) => {
    expect(() => find(fields, bearer)).toThrow(AMBIGUOUS as Error);
  });

  it("finds the bearer tokens that the verifier of issuers' tokens leaves, and no others", () => {
    const oidc = createOidcAuthenticator({ issuers: [], onKeyEvent: () => undefined, leaves: isKey });
    const found = [`Bearer ${KEY}`, "Bearer a.b.c"].map((authorization) => {
      const caller = callerWith({ authorization });
      return [oidc.find(caller), findKey(caller, bearer)];
    });
    expect(found).toEqual([
      [undefined, KEY],
      ["a.b.c", undefined],
    ]);
    oidc.close();
  });

  it("gives a text in a key's form, nothing, or a refusal, whatever comes", () => {
    const field = fc.oneof(fc.string(), fc.constantFrom(KEY, `ApiKey ${KEY}`, `Bearer ${KEY}`));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 2 }), fc.array(field, { maxLength: 2 }), (keys, authorization) => {
        try {
          expect([undefined, KEY]).toContain(find({ "x-api-key": keys, authorization }, bearer));
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
    );
  });
});
