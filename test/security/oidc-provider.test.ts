import { createHash, randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { grpcClient, type GrpcEnd } from "../support/grpc-client.ts";
import {
  AUDIENCE,
  logIn,
  type OidcProvider,
  OTHER_AUDIENCE,
  PAGE,
  PROGRAM,
  startOidcProvider,
} from "../support/oidc-provider.ts";
import { useProjects } from "../support/projects.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SERVICE = `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "whoami" })
export class Whoami {
  @api({ input: t.String(), output: t.String() })
  me(_word, { principal }) { return [principal.name, principal.clientId, ...principal.groups].join(" "); }
  @api({ input: t.String(), output: t.String(), authorize: { allow: [{ groups: ["ml"] }] } })
  team(_word, { principal }) { return principal.name; }
}`;
const PROTO = `syntax = "proto3";
package bento.whoami.v1;
service Whoami { rpc Me(Word) returns (Word_); rpc Team(Word) returns (Word_); }
message Word { optional string input = 1; }
message Word_ { string output = 1; }`;

const { servers, project } = useProjects();
let provider: OidcProvider;
let dir: string;
let server: ServerProcess;
beforeEach(async () => {
  provider = await startOidcProvider({ ada: ["ml"] });
  dir = project({ "service.ts": SERVICE, "whoami.proto": PROTO });
  return () => provider.stop();
});

/** Serves with no more than the issuer's name and the audience: the rest is the provider's to tell. */
async function started({ workers = 1, env = {}, entry = {} } = {}): Promise<void> {
  server = await serve(`${dir}/service.ts`, {
    flags: ["--workers", String(workers), "--grpc-port", "0"],
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
        { issuer: provider.issuer, audiences: [AUDIENCE], groupsClaim: "groups", ...entry },
      ]),
      ...env,
    },
  });
  servers.push(server);
}

const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });
const post = (api: string, token: string): Promise<Response> =>
  fetch(`${server.url}/${api}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(token) },
    body: '"x"',
  });
const statusOf = async (api: string, token: string): Promise<number> => (await post(api, token)).status;

async function callGrpc(method: string, token: string): Promise<GrpcEnd<Record<string, unknown>>> {
  const client = grpcClient(server.grpcAddress, join(dir, "whoami.proto"), "bento.whoami.v1.Whoami");
  try {
    return await client.call(method, [{ input: "x" }], { metadata: bearer(token) });
  } finally {
    client.close();
  }
}

/** REST and gRPC, by their status. */
const answersTo = async (token: string): Promise<readonly [number, number]> => [
  await statusOf("me", token),
  (await callGrpc("Me", token)).code,
];

/** What a page without a secret gets by the code flow with PKCE, in the name of a person. */
async function tokensOf(login: string, resource?: string): Promise<Readonly<Record<string, string>>> {
  const verifier = randomBytes(32).toString("base64url");
  const redirect_uri = server.url + PAGE.callback;
  const authorization = new URL(`${provider.issuer}/auth`);
  authorization.search = new URLSearchParams({
    client_id: PAGE.id,
    response_type: "code",
    redirect_uri,
    scope: "openid score",
    state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  if (resource !== undefined) authorization.searchParams.set("resource", resource);
  const back = await logIn(authorization, login);
  const code = back.searchParams.get("code") ?? `none: ${back.search}`;
  const form = { grant_type: "authorization_code", client_id: PAGE.id, code, code_verifier: verifier, redirect_uri };
  const reply = await fetch(`${provider.issuer}/token`, { method: "POST", body: new URLSearchParams(form) });
  return (await reply.json()) as Record<string, string>;
}

const readiness = (): Promise<true> =>
  eventually(async () => ((await fetch(`${server.url}/readyz`)).status === 200 ? true : undefined));
const keyLooks = (): number => provider.requests.filter((path) => path === "/jwks").length;
/** A token of the provider under a key id that nobody has. */
function withUnknownKey(token: string): string {
  const [header = "", ...rest] = token.split(".");
  const fields = JSON.parse(Buffer.from(header, "base64url").toString()) as object;
  return [Buffer.from(JSON.stringify({ ...fields, kid: randomUUID() })).toString("base64url"), ...rest].join(".");
}

describe("a server with a certified OpenID provider", () => {
  it("takes its access tokens, of programs and of people, and nothing else of it", async () => {
    await started();
    const program = await provider.programToken();
    const me = await post("me", program);
    expect([me.status, await me.json()]).toEqual([200, `${PROGRAM.id} ${PROGRAM.id}`]);
    expect((await callGrpc("Me", program)).messages).toEqual([{ output: `${PROGRAM.id} ${PROGRAM.id}` }]);

    const ada = await tokensOf("ada", AUDIENCE);
    const bob = await tokensOf("bob", AUDIENCE);
    expect(await (await post("me", ada["access_token"] ?? "")).json()).toBe(`ada ${PAGE.id} ml`);
    const callers = [ada["access_token"] ?? "", bob["access_token"] ?? "", program];
    expect(await Promise.all(callers.map((token) => statusOf("team", token)))).toEqual([200, 403, 403]);
    expect((await Promise.all(callers.map((token) => callGrpc("Team", token)))).map(({ code }) => code)).toEqual([
      0, 7, 7,
    ]);

    const others = [
      await provider.programToken(OTHER_AUDIENCE),
      ada["id_token"] ?? "",
      // Without a resource the provider gives an opaque one, for its own use.
      (await tokensOf("ada"))["access_token"] ?? "",
    ];
    for (const token of others) expect([token.length > 20, await answersTo(token)]).toEqual([true, [401, 16]]);
  });

  it("follows it to a new key at once, and refuses the old one from then on", async () => {
    await started();
    const old = await provider.programToken();
    expect(await answersTo(old)).toEqual([200, 0]);
    provider.rotate();
    const fresh = await provider.programToken();
    expect(await answersTo(fresh)).toEqual([200, 0]);
    expect(await answersTo(old)).toEqual([401, 16]);
    expect(keyLooks()).toBe(2);
  });

  it("lets no worker go on with the old key once one has seen the new", async () => {
    await started({ workers: 3, env: { BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off" } });
    const old = await provider.programToken();
    // A connection each, which go to the workers in turn.
    const statuses = (): Promise<readonly number[]> =>
      Promise.all(Array.from({ length: 12 }, () => statusOf("me", old)));
    expect(new Set(await statuses())).toEqual(new Set([200]));
    provider.rotate();
    expect(await statusOf("me", await provider.programToken())).toBe(200);
    await eventually(async () => ((await statuses()).every((status) => status === 401) ? true : undefined));
    expect(keyLooks()).toBe(2);
  });

  it("asks it for keys twice, whatever 150 callers make up, on all workers together", async () => {
    // Else nobody would look at what an address sends after twenty failures.
    await started({ workers: 2, env: { BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off" } });
    const token = await provider.programToken();
    const before = performance.now();
    const statuses: number[] = [];
    for (let round = 0; round < 3; round++) {
      const tries = Array.from({ length: 50 }, () => statusOf("me", withUnknownKey(token)));
      statuses.push(...(await Promise.all(tries)));
    }
    expect(statuses).toEqual(Array.from({ length: 150 }, () => 401));
    const cooldowns = Math.floor((performance.now() - before) / 30_000);
    expect(keyLooks()).toBeLessThanOrEqual(2 + cooldowns);
  });
});

describe("a server whose provider is out", () => {
  it("is not ready and opens for nobody until its keys were there once, and needs no restart", async () => {
    const token = await provider.programToken();
    await provider.stop();
    await started();
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const refused = await post("me", token);
    expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("www-authenticate")]).toEqual([
      503,
      "5",
      null,
    ]);
    expect(await refused.json()).toMatchObject({ code: "UNAVAILABLE" });
    const { code, trailers } = await callGrpc("Me", token);
    expect([code, trailers.get("retry-after")]).toEqual([14, ["5"]]);

    await provider.start();
    await readiness();
    expect(await answersTo(token)).toEqual([200, 0]);
  });

  it("shows its documentation all the same, and lets people sign in there when the provider is back", async () => {
    await provider.stop();
    const env = {
      BENTO_SECURITY_PUBLIC: '["docs"]',
      BENTO_SECURITY_AUDIT_FILE: "stdout",
      BENTO_SECURITY_AUDIT_PUBLIC_ROUTES: "true",
    };
    await started({ workers: 2, env, entry: { docs: { clientId: PAGE.id } } });
    const connectsTo = async (): Promise<string | undefined> => {
      const reply = await fetch(`${server.url}/docs/`);
      return /connect-src ([^;]*)/.exec(`${reply.status} ${reply.headers.get("content-security-policy")}`)?.[1];
    };
    expect(await connectsTo()).toBe("'self'");
    await provider.start();
    await eventually(async () => ((await connectsTo()) === `'self' ${provider.issuer}/token` ? true : undefined));
    // The code in the address that people come back to is written down by nobody.
    const back = await fetch(`${server.url}${PAGE.callback}?code=a-code-of-somebody&state=s`);
    expect(back.status).toBe(200);
    await eventually(async () => (server.output().includes('"queryNames"') ? true : undefined));
    expect(server.output()).not.toContain("a-code-of-somebody");
  });

  it("goes on by the keys that it has, for tokens that it has never seen as well", async () => {
    await started();
    await readiness();
    const [seen, unseen] = [await provider.programToken(), await provider.programToken()];
    expect(await answersTo(seen)).toEqual([200, 0]);
    provider.rotate();
    const fresh = await provider.programToken();
    await provider.stop();
    expect(await answersTo(seen)).toEqual([200, 0]);
    expect(await answersTo(unseen)).toEqual([200, 0]);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    // Whether its key is good can't be known now.
    expect(await answersTo(fresh)).toEqual([503, 14]);

    await provider.start();
    // Soon, and not only after the half minute for which callers with unknown keys make nobody look again.
    await eventually(async () => ((await statusOf("me", fresh)) === 200 ? true : undefined), 15_000);
    expect(await answersTo(unseen)).toEqual([401, 16]);
  });
});
