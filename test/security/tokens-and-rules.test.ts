import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import {
  createTestKey,
  serveKeys,
  signToken,
  startTestIdp,
  type TestIdp,
} from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { t } from "../../packages/runtime/src/index.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";

const key = createTestKey("ES256", "k1");
const apiKey = createKey("bento");
let idp: TestIdp;
let dir: string;
let service: ListeningService;

/** Says who has called: what an author sees of the caller. */
const Whoami = serviceClass(
  { name: "whoami" },
  class {
    me = defineApi({ input: t.Null(), output: t.Any() }, async (_input, ctx) => ctx.principal);
    team = defineApi(
      { input: t.Null(), output: t.String(), authorize: { allow: [{ groups: ["ml"] }] } },
      async (_input, ctx) => ctx.principal.name,
    );
  },
);

beforeAll(async () => {
  idp = await startTestIdp(serveKeys([key.jwk]));
  dir = mkdtempSync(join(tmpdir(), "bento-whoami-"));
  writeFileSync(
    join(dir, "keys"),
    `${toKeyLine({ id: apiKey.id, sha256: apiKey.sha256, owner: "r", groups: ["ml"], scopes: [], notBeforeMs: undefined, expiresMs: undefined, functions: ["team"] })}\n`,
  );
  service = await listen(Whoami, {
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
        { issuer: idp.origin, audiences: ["models"], jwksUri: `${idp.origin}/keys`, groupsClaim: "groups" },
      ]),
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
    },
  });
});
afterAll(async () => {
  await service.close();
  await idp.close();
  rmSync(dir, { recursive: true });
});

const tokenOf = (claims: object): string =>
  signToken(key, { iss: idp.origin, aud: "models", sub: "alice", exp: Math.floor(Date.now() / 1000) + 600, ...claims });
const call = (api: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${service.url}/${api}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "null",
  });

describe("a server with an issuer and API keys", () => {
  it("shows its author who calls", async () => {
    const token = tokenOf({ groups: ["ml"], scope: "a b", azp: "notebook", jti: "t1" });
    const reply = await call("me", { authorization: `Bearer ${token}` });
    expect([reply.status, await reply.json()]).toEqual([
      200,
      expect.objectContaining({
        name: "alice",
        issuer: idp.origin,
        method: "oidc",
        groups: ["ml"],
        scopes: ["a", "b"],
        clientId: "notebook",
        credentialId: "t1",
      }),
    ]);
  });

  it("asks for credentials with a challenge for each way, on every path, known or not", async () => {
    for (const path of ["/me", "/unknown", "/docs", "/openapi.json", "/v2/models/me", "/v2"]) {
      const reply = await fetch(service.url + path, { method: path === "/me" ? "POST" : "GET" });
      expect([path, reply.status, reply.headers.get("www-authenticate")]).toEqual([
        path,
        401,
        'Bearer realm="bento-ts", ApiKey realm="bento-ts"',
      ]);
      expect(await reply.json()).not.toHaveProperty("errors");
    }
  });

  it("lets a function's rules decide, whatever shows who calls", async () => {
    const statuses = [
      (await call("team", { authorization: `Bearer ${tokenOf({ groups: ["ml"] })}` })).status,
      (await call("team", { authorization: `Bearer ${tokenOf({ groups: ["hr"] })}` })).status,
      (await call("team", { "x-api-key": apiKey.text })).status,
      (await call("me", { "x-api-key": apiKey.text })).status,
      (await call("team", { "x-api-key": `${apiKey.text}x` })).status,
      (await call("team", { "x-api-key": apiKey.text, authorization: `Bearer ${tokenOf({ groups: ["ml"] })}` })).status,
      (await call("team", { authorization: "Negotiate abc" })).status,
    ];
    expect(statuses).toEqual([200, 403, 200, 403, 401, 401, 401]);
  });

  it("answers probes without credentials", async () => {
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${service.url}/v2/health/live`)).status).toBe(200);
  });
});
