import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestKey, signToken } from "../../auth/oidc/testing.fixture.ts";
import { compileAccess, decide } from "../../auth/rules/decide.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { SecurityConfig } from "../../config/security/types.ts";
import type { Config } from "../../config/types.ts";
import type { Access, Authorize } from "../../definition/access/types.ts";
import { defineService } from "../../definition/define-service.ts";
import { type AccessExplanation, explainAccess } from "./explain-access.ts";

const ISSUER = "https://idp.example.com";
const KEY = createTestKey("ES256", "k");
const API_KEY = `bento_k1_${"0123456789".repeat(5)}`;
// crypt_blowfish 1.3, wrapper.c: the hash of "U*U".
const HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

let dir = "";
let base: Config;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-explain-"));
  await writeFile(join(dir, "jwks.json"), JSON.stringify({ keys: [KEY.jwk] }));
  const sha256 = createHash("sha256").update(API_KEY).digest("hex");
  await writeFile(join(dir, "keys"), JSON.stringify({ id: "k1", sha256, owner: "r-team", functions: ["other"] }));
  await writeFile(join(dir, "users"), `alice:${HASH}`);
  ({ config: base } = await loadConfig({ env: {} }));
});
afterAll(() => rm(dir, { recursive: true }));

const claimsOf = (more: object): Readonly<Record<string, unknown>> => ({
  iss: ISSUER,
  aud: "models",
  sub: "alice",
  exp: Math.floor(Date.now() / 1000) + 600,
  ...more,
});
const bearer = (claims: unknown): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${signToken(KEY, claims)}`,
});

const explain = (
  headers: Readonly<Record<string, string>>,
  {
    authorize = null,
    security = {},
  }: { readonly authorize?: Authorize | null; readonly security?: Partial<SecurityConfig> } = {},
): Promise<AccessExplanation> => {
  const text = { kind: "text", maxLength: null } as const;
  const io = { input: text, output: text };
  const definition = defineService({
    name: "s",
    apis: [
      { name: "score", ...io, ...(authorize === null ? {} : { authorize }) },
      { name: "other", ...io },
    ],
  });
  const issuers = [{ issuer: ISSUER, audiences: ["models"], jwksFile: join(dir, "jwks.json"), groupsClaim: "/groups" }];
  const config = { ...base, security: { ...base.security, issuers, ...security } };
  return explainAccess({ config, definition }, { api: "score", headers });
};
const stepsOf = ({ steps }: AccessExplanation): readonly string[] =>
  steps.map(({ step, ok, detail }) => `${step} ${ok ? "ok" : "fail"}: ${detail}`);

describe("explainAccess", () => {
  it("tells every step of a token that is let in, with the rules that were looked at", async () => {
    const authorize: Access = {
      deny: [{ principals: ["bob"] }],
      allow: [{ groups: ["ml"], claim: "/tenant", anyOf: ["iris"] }],
    };
    const told = await explain(bearer(claimsOf({ groups: ["ml"], tenant: "iris" })), { authorize });
    expect(stepsOf(told)).toEqual([
      `keys ok: 1 of ${ISSUER}`,
      "form ok: a signed token in compact form",
      "issuer ok: one of the configured issuers",
      "header ok: an algorithm and a type that are taken",
      "signature ok: verified by a key of the issuer",
      "claims ok: in time, for this audience, with what the issuer's entry demands",
      "principal ok: names a caller",
      "caller ok: alice (oidc)",
      "rules ok: author.allow[0]",
    ]);
    expect(told).toMatchObject({
      allowed: true,
      clause: "author.allow[0]",
      code: "OK",
      http: 200,
      grpc: 0,
      principal: { name: "alice", method: "oidc", claims: ["iss", "aud", "sub", "exp", "groups", "tenant"] },
      rules: [
        { clause: "author.deny[0]", matched: false, keys: [{ key: "principals", holds: false }] },
        {
          clause: "author.allow[0]",
          matched: true,
          keys: [
            { key: "groups", holds: true },
            { key: "anyOf", holds: true },
          ],
        },
      ],
    });
  });

  it.each([
    ["form", "a.b", "invalid_token", "expected three parts of base64url"],
    ["issuer", signToken(KEY, { iss: "https://others" }), "unknown_issuer", "iss: none of the configured issuers"],
    ["header", signToken(KEY, { iss: ISSUER }, { alg: "HS256" }), "invalid_token", "header: alg is none of"],
    ["signature", signToken(createTestKey("ES256", "k"), { iss: ISSUER }), "bad_signature", "no fitting key"],
    ["claims", signToken(KEY, { iss: ISSUER, aud: "models", sub: "alice", exp: 1 }), "expired", "exp: in the past"],
    ["claims", signToken(KEY, { iss: ISSUER, aud: "x", sub: "alice", exp: 4e9 }), "wrong_audience", "aud: names none"],
    ["principal", signToken(KEY, { iss: ISSUER, aud: "models", exp: 4e9 }), "invalid_token", "sub: expected text"],
  ])("names the step %s that a bad token does not pass", async (step, token, reason, detail) => {
    const told = await explain({ authorization: `Bearer ${token}` });
    expect(told).toMatchObject({ allowed: false, reason, code: "UNAUTHENTICATED", http: 401, grpc: 16 });
    expect(told.steps.at(-1)).toEqual({ step, ok: false, detail: expect.stringContaining(detail) as string });
    expect(told.steps.filter(({ ok }) => !ok)).toHaveLength(1);
  });

  it("says that keys can't be loaded, and why", async () => {
    const issuers = [{ issuer: ISSUER, audiences: ["models"], jwksFile: join(dir, "absent.json") }];
    const told = await explain(bearer(claimsOf({})), { security: { issuers } });
    expect(told).toMatchObject({ allowed: false, reason: "keys_unavailable", http: 503, grpc: 14 });
    expect(stepsOf(told)[0]).toMatch(/^keys fail: of https:\/\/idp\.example\.com: .*ENOENT/);
    expect(told.steps.at(-1)?.step).toBe("signature");
  });

  it("tells of a caller without credentials, of the wrong kind and of a rule that says no", async () => {
    expect(await explain({})).toMatchObject({ reason: "missing_credentials", http: 401, grpc: 16 });
    expect(await explain({ authorization: "Basic YTpi" })).toMatchObject({ reason: "invalid_credentials", http: 401 });
    const denied = await explain(bearer(claimsOf({})), { authorize: { allow: [] } });
    expect(denied).toMatchObject({
      allowed: false,
      clause: "author.allow",
      reason: "policy_denied",
      http: 403,
      grpc: 7,
    });
    expect(denied.steps.at(-1)).toEqual({ step: "rules", ok: false, detail: "author.allow" });
  });

  it("tells of API keys and the functions that they are for, and of passwords", async () => {
    const security: Partial<SecurityConfig> = {
      apiKeys: { file: join(dir, "keys"), header: "x-api-key", asBearer: true },
      basic: { htpasswdFile: join(dir, "users"), secretDir: null, allowWeakHashes: false },
    };
    const places: readonly [string, string][] = [
      ["x-api-key", API_KEY],
      ["authorization", `Bearer ${API_KEY}`],
    ];
    for (const place of places)
      expect(await explain(Object.fromEntries([place]), { security })).toMatchObject({
        allowed: false,
        clause: "credential.functions",
        principal: { name: "apikey:k1", method: "apikey" },
        http: 403,
      });
    const basic = (text: string): Readonly<Record<string, string>> => ({
      authorization: `Basic ${Buffer.from(text).toString("base64")}`,
    });
    expect(await explain(basic("alice:U*U"), { security })).toMatchObject({
      allowed: true,
      principal: { name: "alice" },
    });
    const wrong = await explain(basic("alice:hunter2"), { security });
    expect(wrong).toMatchObject({ allowed: false, reason: "invalid_credentials", http: 401 });
    expect(JSON.stringify(wrong)).not.toContain("hunter2");
  });

  it("serves everybody where an author may open a function and does", async () => {
    expect(await explain({}, { authorize: "public", security: { authorOverridable: ["public"] } })).toMatchObject({
      allowed: true,
      principal: { name: "anonymous" },
    });
    expect(await explain({}, { authorize: "public" })).toMatchObject({ allowed: false, http: 401 });
  });

  it("knows the functions of the service", async () => {
    const definition = defineService({
      name: "s",
      apis: [{ name: "score", input: { kind: "text", maxLength: null }, output: { kind: "text", maxLength: null } }],
    });
    await expect(explainAccess({ config: base, definition }, { api: "scor", headers: {} })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: 's has no function "scor"; it has score',
    });
  });

  it("never disagrees with the rules, and shows no value of a claim, whatever both are", async () => {
    const word = fc.constantFrom("red", "green", "blue");
    const wanted = fc.array(fc.oneof(word, fc.constantFrom("re*", "*n", "*")), { minLength: 1, maxLength: 2 });
    const rule = fc.oneof(
      fc.record({ groups: wanted, scopes: wanted, principals: wanted }, { requiredKeys: ["groups"] }),
      fc.record({ claim: fc.constantFrom("/tenant", "/deep/roles", "/absent"), anyOf: wanted }),
      fc.record({ claim: fc.constantFrom("/level"), gte: fc.integer({ min: 0, max: 5 }) }),
    );
    const access = fc.record(
      { allow: fc.array(rule, { maxLength: 3 }), deny: fc.array(rule, { maxLength: 2 }) },
      { requiredKeys: [] },
    );
    const claims = fc.record(
      {
        sub: word,
        groups: fc.oneof(word, fc.array(word)),
        scope: fc.array(word).map((words) => words.join(" ")),
        tenant: fc.oneof(word, fc.array(word), fc.boolean(), fc.constant(null)),
        level: fc.oneof(fc.integer({ min: 0, max: 5 }), word),
        deep: fc.record({ roles: fc.array(fc.oneof(word, fc.array(word))) }),
      },
      { requiredKeys: ["sub"] },
    );
    await fc.assert(
      fc.asyncProperty(access, access, claims, async (platform, author, shown) => {
        const all = claimsOf({ ...shown, secret: "a-value-that-nobody-sees" });
        const told = await explain(bearer(all), {
          authorize: author,
          security: { authorization: { functions: { score: platform }, rulesFile: null } },
        });
        const { groups = [], scope = "" } = shown;
        const expected = decide([compileAccess("platform", platform), compileAccess("author", author)], {
          name: shown.sub,
          issuer: ISSUER,
          method: "oidc",
          groups: [groups].flat(),
          scopes: scope.split(" ").filter((text) => text !== ""),
          clientId: undefined,
          claims: all,
        });
        expect({ allowed: told.allowed, clause: told.clause }).toEqual(expected);
        expect(told.http).toBe(expected.allowed ? 200 : 403);
        expect(JSON.stringify(told)).not.toContain("a-value-that-nobody-sees");
        expect(JSON.stringify({ ...told, principal: null, steps: [] })).not.toMatch(/red|green|blue/);
      }),
    );
  });
});
