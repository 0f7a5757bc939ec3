import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callerWith } from "../../auth/caller.fixture.ts";
import { createOidcAuthenticator } from "../../auth/oidc/create-oidc-authenticator.ts";
import { resolveIssuers } from "../../auth/oidc/resolve-issuers.ts";
import { verifyNow } from "../../auth/verify-now.ts";
import type { Principal } from "../../call/types.ts";
import { devClaims } from "./dev-claims.ts";
import { loadDevKey } from "./dev-key.ts";
import { type DevIssuer, startDevIssuer } from "./dev-issuer.ts";
import { runningIssuers } from "./running-issuers.ts";
import { signDevToken } from "./sign-token.ts";

let dir = "";
let issuer: DevIssuer | undefined;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), "bento-dev-idp-"))));
afterEach(async () => {
  await issuer?.close();
  issuer = undefined;
  await rm(dir, { recursive: true });
});

/** Verifies as a server does: over discovery and key set. */
async function verify({ issuer: name, audience }: DevIssuer, token: string): Promise<Principal> {
  const oidc = createOidcAuthenticator({
    issuers: resolveIssuers([{ issuer: name, audiences: [audience], groupsClaim: "/groups", typ: "at+jwt" }]),
    onKeyEvent: () => undefined,
  });
  await oidc.firstLook;
  try {
    return await verifyNow(oidc, token, callerWith({}));
  } finally {
    oidc.close();
  }
}

describe("startDevIssuer", () => {
  it("makes tokens that a server with this issuer takes, by discovery and key set", async () => {
    issuer = await startDevIssuer({ audience: "boston" });
    const token = await issuer.token({
      subject: "alice",
      groups: ["ml"],
      scopes: ["a", "b"],
      claims: new Map([["x", 1]]),
    });
    expect(await verify(issuer, token)).toMatchObject({
      name: "alice",
      issuer: issuer.issuer,
      groups: ["ml"],
      scopes: ["a", "b"],
      clientId: "bento-ts",
      claims: { x: 1, aud: "boston" },
    });
    await expect(verify(issuer, await issuer.token({ audiences: ["other"] }))).rejects.toMatchObject({
      reason: "wrong_audience",
    });
  });

  it("keeps its key for its owner alone, so that a token made elsewhere is taken, also after a restart", async () => {
    issuer = await startDevIssuer({ audience: "boston", dir });
    const sign = async (name: string): Promise<string> =>
      signDevToken(
        await loadDevKey(dir),
        devClaims({ issuer: name, audiences: ["boston"], nowMs: Date.now(), expiresInMs: 60_000 }),
      );
    expect((await verify(issuer, await sign(issuer.issuer))).name).toBe("developer");
    expect((await stat(join(dir, "key.pem"))).mode & 0o777).toBe(0o600);
    await issuer.close();
    issuer = await startDevIssuer({ audience: "boston", dir });
    expect((await verify(issuer, await sign(issuer.issuer))).name).toBe("developer");
  });

  it("is noted while it runs; a note whose process is gone is removed", async () => {
    issuer = await startDevIssuer({ audience: "boston", dir });
    const note = { issuer: issuer.issuer, audience: "boston", pid: process.pid };
    // Larger than any process id of Linux.
    await writeFile(join(dir, "running/gone.json"), JSON.stringify({ ...note, pid: 2 ** 30 }));
    await writeFile(join(dir, "running/broken.json"), "{");
    expect(await runningIssuers(dir)).toEqual([note]);
    expect(await readdir(join(dir, "running"))).toHaveLength(1);
    await issuer.close();
    expect(await runningIssuers(dir)).toEqual([]);
    expect(await runningIssuers(join(dir, "absent"))).toEqual([]);
  });

  it("answers nobody who was led to it by another name, and signs for nobody", async () => {
    issuer = await startDevIssuer({ audience: "boston" });
    const { port, host } = new URL(issuer.issuer);
    const ask = (path: string, name: string, method = "GET"): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port, path, method, headers: { host: name } };
        request(options, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await ask("/jwks", host)).toBe(200);
    expect(await ask("/jwks", "attacker.example")).toBe(404);
    expect(await ask("/jwks", host, "POST")).toBe(404);
    expect(await ask("/token", host, "POST")).toBe(404);
    expect(JSON.stringify(await (await fetch(`${issuer.issuer}/jwks`)).json())).not.toContain('"d"');
  });

  it("tells of a port that is taken", async () => {
    issuer = await startDevIssuer({ audience: "boston" });
    const port = Number(new URL(issuer.issuer).port);
    await expect(startDevIssuer({ audience: "other", port })).rejects.toThrow(
      `the development issuer can't listen on 127.0.0.1:${port}`,
    );
  });
});

describe("loadDevKey", () => {
  it("gives everybody who begins at one time the same key", async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, () => loadDevKey(join(dir, "new"))));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
    expect(await readdir(join(dir, "new"))).toEqual(["key.pem"]);
  });

  it.each(["", "nonsense"])("refuses a file of %j and leaves it", async (text) => {
    await writeFile(join(dir, "key.pem"), text);
    await expect(loadDevKey(dir)).rejects.toThrow(`${join(dir, "key.pem")} holds no P-256 key`);
    expect(await readFile(join(dir, "key.pem"), "utf8")).toBe(text);
  });
});

describe("devClaims", () => {
  const base = { issuer: "http://127.0.0.1:1", audiences: ["a", "b"], nowMs: 1_500, expiresInMs: 60_000 };

  it("are an access token's, in whole seconds", () => {
    expect(devClaims(base)).toEqual({
      iss: "http://127.0.0.1:1",
      aud: ["a", "b"],
      sub: "developer",
      iat: 1,
      exp: 61,
      jti: expect.any(String) as string,
      client_id: "bento-ts",
    });
  });

  it("stand where a pointer says, others beside them; every name is an own member", () => {
    const claims = devClaims({
      ...base,
      claims: new Map<string, unknown>([
        ["/realm/roles", ["a"]],
        ["/realm/name", "ml"],
        ["kubernetes.io/x", 1],
        ["/a~1b/c~0d", true],
        ["exp", "never"],
        ["/__proto__/polluted", true],
      ]),
    });
    expect(claims).toMatchObject({
      realm: { roles: ["a"], name: "ml" },
      "kubernetes.io/x": 1,
      "a/b": { "c~d": true },
      exp: "never",
    });
    expect(Object.hasOwn(claims, "__proto__")).toBe(true);
    expect("polluted" in {}).toBe(false);
  });

  it("take any names and values", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.jsonValue())), (pairs) => {
        const [name, value] = pairs.at(-1) ?? ["sub", "developer"];
        const claims = devClaims({ ...base, claims: new Map(pairs) });
        if (!name.startsWith("/")) expect(Object.getOwnPropertyDescriptor(claims, name)?.value).toEqual(value);
      }),
    );
  });
});
