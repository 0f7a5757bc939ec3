import { createHmac } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Principal } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { createOidcAuthenticator, type OidcAuthenticator } from "./create-oidc-authenticator.ts";
import { resolveIssuers } from "./resolve-issuers.ts";
import {
  createTestKey,
  headerOf,
  part,
  serveKeys,
  signInput,
  signToken,
  startTestIdp,
  TestClock,
  type TestIdp,
} from "./testing.fixture.ts";
import type { IssuerOptions } from "./types.ts";
import { verifyNow } from "../verify-now.ts";

const NOW = Date.UTC(2026, 0, 1);
const NOW_S = NOW / 1000;
const ISSUER = "https://idp.example/realm";
const rsa = createTestKey("RS256", "rsa");
const pss = createTestKey("PS256", "pss");
const ec = createTestKey("ES256", "ec");
const okp = createTestKey("EdDSA", "okp");
const stranger = createTestKey("RS256", "rsa");

const good = { iss: ISSUER, aud: "iris", sub: "ada", exp: NOW_S + 600, iat: NOW_S, nbf: NOW_S, jti: "t1" };
const without = (...names: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)));

const caller = { valuesOf: () => [], peerIp: "127.0.0.1", clientIp: "127.0.0.1", route: "/predict" };
let idp: TestIdp;
let opened: OidcAuthenticator[] = [];
beforeAll(async () => {
  idp = await startTestIdp(serveKeys([rsa, pss, ec, okp].map(({ jwk }) => jwk)));
});
afterAll(() => idp.close());
beforeEach(() => {
  for (const authenticator of opened) authenticator.close();
  opened = [];
  idp.requests.length = 0;
});

async function open(...entries: readonly Partial<IssuerOptions>[]): Promise<OidcAuthenticator> {
  const issuers = resolveIssuers(
    (entries.length === 0 ? [{}] : entries).map((entry) => ({
      issuer: ISSUER,
      audiences: ["iris"],
      jwksUri: `${idp.origin}/keys`,
      ...entry,
    })),
  );
  const authenticator = createOidcAuthenticator({ issuers, onKeyEvent: () => undefined, clock: new TestClock(NOW) });
  opened.push(authenticator);
  await authenticator.firstLook;
  return authenticator;
}

const verify = async (token: string, entry: Partial<IssuerOptions> = {}): Promise<Principal> =>
  verifyNow(await open(entry), token, caller);

async function expectRefused(
  token: string,
  reason: string | RegExp,
  entry: Partial<IssuerOptions> = {},
): Promise<void> {
  const error = await verify(token, entry).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ServingError)) throw new Error(`expected a refusal, got ${String(error)}`, { cause: error });
  expect({ code: error.code, reason: error.reason }).toEqual({
    code: "UNAUTHENTICATED",
    reason: typeof reason === "string" ? reason : expect.stringMatching(reason),
  });
  expect(["the token is not valid", "the token has expired", "the token is not yet valid"]).toContain(error.message);
  // Nothing is fetched on a token's word: the first look at the keys is all.
  expect(idp.requests.filter(({ path }) => path !== "/keys")).toEqual([]);
}

describe("a good token", () => {
  it.each([rsa, pss, ec, okp])("of $alg tells who calls", async (key) => {
    await expect(verify(signToken(key, good))).resolves.toEqual({
      name: "ada",
      issuer: ISSUER,
      method: "oidc",
      groups: [],
      scopes: [],
      clientId: undefined,
      credentialId: "t1",
      claims: good,
      expiresAtMs: NOW + 600_000,
    });
  });

  it("without kid is verified by each fitting key", async () => {
    await expect(verify(signToken(ec, good, { alg: "ES256" }))).resolves.toMatchObject({ name: "ada" });
  });

  it.each(["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", undefined])("may have typ %j", async (typ) => {
    await expect(verify(signToken(rsa, good, { ...headerOf(rsa), typ }))).resolves.toMatchObject({ name: "ada" });
  });

  it("is answered at once and without a promise the second time, by a frozen principal", async () => {
    const authenticator = await open();
    const token = signToken(rsa, { ...good, nested: { list: [1] } });
    const first = await verifyNow(authenticator, token, caller);
    const second = verifyNow(authenticator, token, caller);
    expect(second).toBe(first);
    expect(() => Object.assign(first.claims["nested"] as object, { list: [] })).toThrow(TypeError);
  });
});

describe("attacks on the header", () => {
  it.each(["none", "None", "NONE", "nOnE", "none ", ""])("alg %j, unsigned (1)", async (alg) => {
    await expectRefused(`${part({ alg, typ: "JWT" })}.${part(good)}.`, "invalid_token");
    await expectRefused(`${part({ alg, typ: "JWT" })}.${part(good)}.AA`, "invalid_token");
  });

  it("alg none with a real signature (2)", async () => {
    await expectRefused(signToken(rsa, good, { ...headerOf(rsa), alg: "none" }), "invalid_token");
  });

  const pem = rsa.publicKey.export({ type: "spki", format: "pem" }) as string;
  it.each([
    ["PEM", pem],
    ["PEM without its end", pem.trim()],
    ["stripped PEM", pem.replaceAll(/-----[^-]+-----|\n/g, "")],
    ["PKCS1", rsa.publicKey.export({ type: "pkcs1", format: "pem" })],
    ["DER", rsa.publicKey.export({ type: "spki", format: "der" })],
    ["JWK", JSON.stringify(rsa.jwk)],
    ["nothing", ""],
  ])("HS256 keyed by the public key as %s (3)", async (_, secret) => {
    const input = `${part({ ...headerOf(rsa), alg: "HS256" })}.${part(good)}`;
    await expectRefused(`${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`, "invalid_token");
  });

  it.each(["attacker", "rsa"])("an embedded key with kid %j (4)", async (kid) => {
    await expectRefused(signToken(stranger, good, { alg: "RS256", kid, jwk: stranger.jwk }), "invalid_token");
  });

  it.each(["jku", "x5u"])("%s to an attacker's address, which nobody asks (5)", async (name) => {
    const header = { ...headerOf(stranger), [name]: `${idp.origin}/attacker` };
    await expectRefused(signToken(stranger, good, header), "invalid_token");
  });

  it.each([
    ["x5c (6)", { x5c: ["MIIB"] }],
    ["an unknown critical extension (9)", { crit: ["x"], x: 1 }],
    ["an empty crit (9)", { crit: [] }],
    ["crit that is no list (9)", { crit: "exp" }],
    ["crit naming exp (9)", { crit: ["exp"], exp: NOW_S + 600 }],
    ["unencoded payload (9)", { b64: false, crit: ["b64"] }],
    ["b64 true (9)", { b64: true }],
    ["compression (9)", { zip: "DEF" }],
    ["the mark of an encrypted token", { enc: "A128GCM" }],
    ["jwk null", { jwk: null }],
    ["a kid that is a number", { kid: 1 }],
    ["an empty kid", { kid: "" }],
    ["a kid of 257 characters", { kid: "k".repeat(257) }],
    ["a kid that is a list", { kid: ["rsa"] }],
    ["alg as a list", { alg: ["RS256"] }],
    ["alg in another case", { alg: "rs256" }],
    ["an algorithm that must be asked for", { alg: "RS512" }],
    ["alg named like a member of every object", { alg: "constructor" }],
    ["typ of another kind", { typ: "dpop+jwt" }],
    ["typ of a logout token", { typ: "logout+jwt" }],
    ["typ that is no text", { typ: ["JWT"] }],
    ["typ null", { typ: null }],
  ])("%s", async (_, more) => {
    await expectRefused(signToken(rsa, good, { ...headerOf(rsa), ...more }), "invalid_token");
  });

  it("a known kid with another key (7)", async () => {
    await expectRefused(signToken(stranger, good), "bad_signature");
    expect(idp.requests).toHaveLength(1);
  });

  it("RS256 with the kid of an EC key (8)", async () => {
    await expectRefused(signToken(rsa, good, { ...headerOf(rsa), kid: "ec" }), "bad_signature");
  });

  it.each(['["RS256"]', "null", '"RS256"', "{", '{"alg":"RS256"}x', "\ufeff{}"])(
    "a header that is %s (11)",
    async (text) => {
      await expectRefused(signToken(rsa, good, text), "invalid_token");
    },
  );
});

describe("attacks on the form (10, 12)", () => {
  const token = signToken(rsa, good);
  const [header = "", claims = "", signature = ""] = token.split(".");
  const other = (text: string): string => text.replaceAll("-", "+").replaceAll("_", "/");
  it.each([
    ["nothing", ""],
    ["two parts", `${header}.${claims}`],
    ["four parts", `${token}.${signature}`],
    ["five parts, as of an encrypted token", `${header}.${claims}.${signature}.AA.AA`],
    ["a dot before", `.${token}`],
    ["an empty header", `.${claims}.${signature}`],
    ["empty claims", `${header}..${signature}`],
    ["no signature", `${header}.${claims}.`],
    ["padding after the signature", `${token}==`],
    ["padding inside", `${header}=.${claims}.${signature}`],
    ["the other alphabet", `${header}.${claims}.+${other(signature.slice(1))}`],
    ["a space inside", `${header}.${claims}.${signature.slice(0, 9)} ${signature.slice(9)}`],
    ["a line break at the end", `${token}\n`],
    ["a NUL at the end", `${token}\0`],
    ["the JSON form", JSON.stringify({ protected: header, payload: claims, signature })],
    ["a stray last bit", token.slice(0, -1) + nextLetter(token.at(-1))],
    ["16,385 characters", `${header}.${"A".repeat(16_385 - header.length - signature.length - 2)}.${signature}`],
    ["60 KB", `${header}.${"A".repeat(60_000)}.${signature}`],
  ])("%s", async (_, text) => {
    await expectRefused(text, "invalid_token");
  });

  it.each([1, 2, 3, 4, 100])("a signature cut by %i characters", async (count) => {
    await expectRefused(token.slice(0, -count), /^(bad_signature|invalid_token)$/);
  });

  it("signatures of a curve in DER, of zeros and of the wrong length", async () => {
    const input = `${part(headerOf(ec))}.${part(good)}`;
    for (const bytes of [
      Buffer.alloc(64),
      Buffer.alloc(0),
      Buffer.alloc(63, 1),
      Buffer.from("3006020101020101", "hex"),
    ])
      await expectRefused(`${input}.${bytes.toString("base64url")}`, /^(bad_signature|invalid_token)$/);
  });

  it("claims put in place of those that were signed", async () => {
    await expectRefused(`${header}.${part({ ...good, sub: "root" })}.${signature}`, "bad_signature");
  });

  it("any text at all", async () => {
    const authenticator = await open();
    const letters = fc.string({ unit: fc.constantFrom(..."eyJhbGciOiJ.-_=A ".split("")), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(letters, fc.string()), async (text) => {
        await expect((async () => verifyNow(authenticator, text, caller))()).rejects.toMatchObject({
          code: "UNAUTHENTICATED",
        });
      }),
    );
  });

  it("a good token with any one character changed", async () => {
    const authenticator = await open();
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(..."AQgw-_.=z09".split("")), async (index, letter) => {
        fc.pre(token[index] !== letter);
        const altered = token.slice(0, index) + letter + token.slice(index + 1);
        await expect((async () => verifyNow(authenticator, altered, caller))()).rejects.toMatchObject({
          code: "UNAUTHENTICATED",
        });
      }),
    );
  });
});

describe("attacks on the claims", () => {
  it.each(["[]", "null", '"text"', "7", "{", "", `${"[".repeat(8000)}${"]".repeat(8000)}`.slice(0, 9000), "\ufeff{}"])(
    "a payload that is %.20s (11)",
    async (text) => {
      await expectRefused(signToken(rsa, text), "invalid_token");
    },
  );

  it("deep nesting in a payload that else is good (11)", async () => {
    const deep = (levels: number): string =>
      `{"x":${"[".repeat(levels)}${"]".repeat(levels)},${JSON.stringify(good).slice(1)}`;
    await expect(verify(signToken(rsa, deep(63)))).resolves.toMatchObject({ name: "ada" });
    await expectRefused(signToken(rsa, deep(64)), "invalid_token");
    await expectRefused(signToken(rsa, deep(4000)), "invalid_token");
  });

  it("bytes that are no UTF-8 (11)", async () => {
    const bytes = Buffer.from(JSON.stringify(good).replace("ada", "a\u00e9a"), "latin1").toString("base64url");
    await expectRefused(signInput(rsa, `${part(headerOf(rsa))}.${bytes}`), "invalid_token");
  });

  it.each([
    ["exp beyond the skew", { exp: NOW_S - 60 }, "expired"],
    ["exp 0", { exp: 0 }, "expired"],
    ["exp negative", { exp: -1 }, "expired"],
    ["exp text", { exp: String(NOW_S + 600) }, "invalid_token"],
    ["exp null", { exp: null }, "invalid_token"],
    ["exp true", { exp: true }, "invalid_token"],
    ["exp list", { exp: [NOW_S + 600] }, "invalid_token"],
    ["nbf in the future", { nbf: NOW_S + 61 }, "not_yet_valid"],
    ["nbf text", { nbf: "0" }, "invalid_token"],
    ["nbf null", { nbf: null }, "invalid_token"],
    ["iat in the future", { iat: NOW_S + 61 }, "not_yet_valid"],
    ["iat text", { iat: "0" }, "invalid_token"],
  ])("%s (13, 14)", async (_, more, reason) => {
    await expectRefused(signToken(rsa, { ...good, ...more }), reason);
  });

  it("exp missing, and so large that it is read as infinite (13)", async () => {
    await expectRefused(signToken(rsa, without("exp")), "invalid_token");
    await expectRefused(signToken(rsa, JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e400')), "invalid_token");
    await expectRefused(signToken(rsa, JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e308')), "invalid_token");
  });

  it("takes times up to the skew and no further", async () => {
    for (const more of [{ exp: NOW_S - 59 }, { nbf: NOW_S + 60 }, { iat: NOW_S + 60 }])
      await expect(verify(signToken(rsa, { ...good, ...more }))).resolves.toMatchObject({ name: "ada" });
    await expectRefused(signToken(rsa, { ...good, exp: NOW_S }), "expired", { clockSkewMs: 0 });
  });

  it.each([
    [[]],
    ["other"],
    ["irisx"],
    ["iri"],
    ["IRIS"],
    ["iris "],
    [""],
    [null],
    [{ iris: 1 }],
    [["iris", 7]],
    [[["iris"]]],
    ["iris,other"],
    ["*"],
  ])("aud %j (15)", async (aud) => {
    await expectRefused(signToken(rsa, { ...good, aud }), "wrong_audience");
  });

  it("aud missing; a list with the right one is good (15)", async () => {
    await expectRefused(signToken(rsa, without("aud")), "wrong_audience");
    await expect(verify(signToken(rsa, { ...good, aud: ["x", "iris"] }))).resolves.toMatchObject({ name: "ada" });
  });

  it.each([
    [""],
    [null],
    [[ISSUER]],
    [{ iss: ISSUER }],
    ["*"],
    [`${ISSUER}/`],
    ["https://IDP.example/realm"],
    ["https://idp.example:443/realm"],
    [`${ISSUER} `],
    [7],
    ["__proto__"],
  ])("iss %j, without a look at any key (16)", async (iss) => {
    await expectRefused(signToken(rsa, { ...good, iss }), "unknown_issuer");
    expect(idp.requests).toHaveLength(1);
  });

  it("iss missing (16)", async () => {
    await expectRefused(signToken(rsa, without("iss")), "unknown_issuer");
  });

  it.each([
    ["nonce", { nonce: "n" }],
    ["at_hash", { at_hash: "h" }],
    ["c_hash", { c_hash: "h" }],
    ["typ ID", { typ: "ID" }],
  ])("an ID token by its %s, unless they are taken", async (_, more) => {
    await expectRefused(signToken(rsa, { ...good, ...more }), "invalid_token");
    await expect(verify(signToken(rsa, { ...good, ...more }), { acceptIdTokens: true })).resolves.toBeDefined();
  });

  it.each([
    ["a logout token", { events: { "http://schemas.openid.net/event/backchannel-logout": {} } }],
    ["a refresh token", { typ: "Refresh" }],
    ["a token bound to a DPoP key", { cnf: { jkt: "x" } }],
    ["a token bound to a certificate", { cnf: { "x5t#S256": "x" } }],
    ["a sub that is a number", { sub: 7 }],
    ["a sub that is a list", { sub: ["ada"] }],
    ["an empty sub", { sub: "" }],
    ["a sub that is half a character", { sub: "\ud800" }],
    ["a sub that is the name of an API key", { sub: "apikey:k1" }],
  ])("%s", async (_, more) => {
    await expectRefused(signToken(rsa, { ...good, ...more }), "invalid_token", { acceptIdTokens: true });
  });

  it("a token without sub", async () => {
    await expectRefused(signToken(rsa, without("sub")), "invalid_token");
  });

  it("a life longer than allowed, and one whose beginning is not told", async () => {
    await expectRefused(signToken(rsa, { ...good, exp: NOW_S + 601 }), "invalid_token", { maxTokenAgeMs: 600_000 });
    await expectRefused(signToken(rsa, without("iat")), "invalid_token", { maxTokenAgeMs: 600_000 });
    await expect(verify(signToken(rsa, good), { maxTokenAgeMs: 600_000 })).resolves.toBeDefined();
  });

  it("what RFC 9068 asks for, when it is asked for", async () => {
    const strict = { typ: "at+jwt" } as const;
    const header = { ...headerOf(rsa), typ: "at+jwt" };
    const full = { ...good, client_id: "c" };
    await expect(verify(signToken(rsa, full, header), strict)).resolves.toMatchObject({ clientId: "c" });
    await expectRefused(signToken(rsa, full), "invalid_token", strict);
    for (const name of ["client_id", "iat", "jti", "sub"])
      await expectRefused(signToken(rsa, { ...full, [name]: undefined }, header), "invalid_token", strict);
  });
});

describe("who may call", () => {
  const deniedWith = { code: "PERMISSION_DENIED", reason: "policy_denied", message: "the caller may not do this" };

  it.each([
    ["azp of another", { azp: "x" }],
    ["client_id of another beside the right azp", { azp: "app", client_id: "x" }],
    ["neither", {}],
    ["azp that is a list", { azp: ["app"] }],
  ])("a program that is not listed: %s", async (_, more) => {
    await expect(verify(signToken(rsa, { ...good, ...more }), { clientIds: ["app"] })).rejects.toMatchObject(
      deniedWith,
    );
  });

  it.each([{ azp: "app" }, { client_id: "app" }, { azp: "app", client_id: "app" }])(
    "a program that is: %j",
    async (more) => {
      await expect(verify(signToken(rsa, { ...good, ...more }), { clientIds: ["app"] })).resolves.toMatchObject({
        clientId: "app",
      });
    },
  );

  it.each([["true"], [1], [[[true]]], [{ true: true }], [null], [undefined]])(
    "a required claim that is %j",
    async (ok) => {
      await expect(verify(signToken(rsa, { ...good, ok }), { requiredClaims: { ok: true } })).rejects.toMatchObject(
        deniedWith,
      );
    },
  );

  it("required claims deep inside and in lists", async () => {
    const token = signToken(rsa, { ...good, "kubernetes.io": { namespace: "prod" }, roles: ["a", "b"] });
    const requiredClaims = { "/kubernetes.io/namespace": ["prod", "stage"], roles: "b" };
    await expect(verify(token, { requiredClaims })).resolves.toMatchObject({ name: "ada" });
  });

  it("groups, scopes and names from their claims", async () => {
    const claims = {
      ...without("jti"),
      realm: { roles: ["a", 7, "", "b"] },
      scope: "r  w",
      scp: ["x"],
      email: "a@x.example",
    };
    const token = signToken(rsa, claims);
    const entry = { groupsClaim: "/realm/roles", principal: { claim: "email", prefix: "mail:" } };
    await expect(verify(token, entry)).resolves.toMatchObject({
      name: "mail:a@x.example",
      groups: ["a", "b"],
      scopes: ["r", "w", "x"],
      credentialId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
  });

  it.each([false, "false", "False"])("no name by an address with email_verified %j", async (email_verified) => {
    const token = signToken(rsa, { ...good, email: "a@x.example", email_verified });
    await expectRefused(token, "invalid_token", { principal: { claim: "email" } });
  });

  it("no groups from a prototype or from an object", async () => {
    for (const groupsClaim of ["toString", "/constructor/name", "/aud/length", "o"])
      await expect(verify(signToken(rsa, { ...good, o: { a: 1 } }), { groupsClaim })).resolves.toMatchObject({
        groups: [],
      });
  });

  it("tells callers of several issuers apart, and knows an issuer by its other name", async () => {
    const authenticator = await open({}, { issuer: "https://b.example", issuerAliases: ["b.example"] });
    const names = await Promise.all(
      [ISSUER, "https://b.example", "b.example"].map(async (iss) => {
        const { name, issuer } = await verifyNow(authenticator, signToken(rsa, { ...good, iss }), caller);
        return [name, issuer];
      }),
    );
    expect(names).toEqual([
      [`${ISSUER}#ada`, ISSUER],
      ["https://b.example#ada", "https://b.example"],
      ["https://b.example#ada", "https://b.example"],
    ]);
  });

  it("takes no token of one issuer that another's key made", async () => {
    const own = await startTestIdp(serveKeys([{ ...stranger.jwk, kid: "s" }]));
    try {
      const authenticator = await open({}, { issuer: "https://b.example", jwksUri: `${own.origin}/keys` });
      const token = signToken(stranger, good, { alg: "RS256", kid: "s" });
      await expect(verifyNow(authenticator, token, caller)).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
        reason: "unknown_key",
      });
    } finally {
      await own.close();
    }
  });
});

/** The letter whose last bit differs: of a part with stray bits one that no encoder writes. */
function nextLetter(letter = "A"): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return letters.charAt(letters.indexOf(letter) ^ 1);
}
