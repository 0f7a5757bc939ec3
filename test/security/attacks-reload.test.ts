import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey, type NewKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { createTestKey, headerOf, serveKeys, signToken } from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { eventually } from "../support/server-process.ts";
import { type AttackedServer, everywhere, goodClaims, startAttacked, tryEverywhere } from "./attacked-server.ts";

// Files that are replaced by broken ones while the server runs, on every surface: security.md B, attack 51.
const [first, second] = [createKey("bento"), createKey("bento")];
// crypt_blowfish 1.3, wrapper.c: the hashes of "U*U" and "U*U*".
const HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const OTHER_HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";

const lineOf = ({ id, sha256 }: NewKey): string =>
  `${toKeyLine({ id, sha256, owner: "r", groups: [], scopes: [], notBeforeMs: undefined, expiresMs: undefined, functions: undefined })}\n`;
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** Each file: good, broken, and another good one. */
const FILES = {
  rules: {
    good: 'double: { allow: [{ principals: ["ada", "alice", "apikey:*"] }] }\n',
    broken: 'double: { allow: [{ principles: ["mallory"] }] }\n',
    next: 'double: { allow: [{ principals: ["bob", "apikey:*"] }] }\n',
  },
  "api-keys": { good: lineOf(first), broken: `${lineOf(second)}oops\n`, next: lineOf(second) },
  htpasswd: { good: `alice:${HASH}\n`, broken: `alice:${OTHER_HASH}\nalice:${HASH}\n`, next: `bob:${OTHER_HASH}\n` },
  "edge-header": { good: "first-edge-secret", broken: "", next: "other-edge-secret" },
} as const;
type What = keyof typeof FILES;
const WHATS = Object.keys(FILES) as What[];

let server: AttackedServer;
/** Puts a file in the place of another at once, as mounted secrets are. */
function put(dir: string, what: What, text: string): void {
  writeFileSync(join(dir, "new"), text);
  renameSync(join(dir, "new"), join(dir, what));
}

beforeAll(async () => {
  server = await startAttacked(({ dir }) => {
    for (const what of WHATS) put(dir, what, FILES[what].good);
    return {
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: "{}",
      BENTO_SECURITY_AUTHORIZATION_RULES_FILE: join(dir, "rules"),
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "api-keys"),
      BENTO_SECURITY_BASIC_HTPASSWD_FILE: join(dir, "htpasswd"),
      BENTO_SECURITY_EDGE_HEADER: JSON.stringify({ name: "x-edge", value: { file: join(dir, "edge-header") } }),
    };
  });
});
afterAll(() => server.close());

const edge = { "x-edge": FILES["edge-header"].good };
const callers = (): Readonly<Record<string, Readonly<Record<string, string>>>> => ({
  token: { authorization: `Bearer ${server.token()}` },
  key: { "x-api-key": first.text },
  password: { authorization: basic("alice", "U*U") },
});
const nextCallers = (): ReturnType<typeof callers> => ({
  token: { authorization: `Bearer ${server.token({ sub: "bob" })}` },
  key: { "x-api-key": second.text },
  password: { authorization: basic("bob", "U*U*") },
});

/** Waits until each file was read again with this outcome. */
function allRead(outcome: "ok" | "failed"): Promise<true> {
  return eventually(async () => {
    const text = await server.service.metrics();
    const seen = WHATS.filter((what) =>
      new RegExp(`bento_security_reloads_total\\{(?=[^}]*"${what}")(?=[^}]*"${outcome}")[^}]*\\} [1-9]`).test(text),
    );
    return seen.length === WHATS.length ? true : undefined;
  });
}

describe("files that are replaced while the server runs", () => {
  it("keep everybody in and out as before where they are broken, and that is counted, logged and recorded", async () => {
    for (const headers of Object.values(callers()))
      expect(await tryEverywhere(server, { ...edge, ...headers })).toEqual(everywhere(server, "served"));
    for (const what of WHATS) put(server.dir, what, FILES[what].broken);
    await allRead("failed");
    for (const headers of Object.values(callers()))
      expect(await tryEverywhere(server, { ...edge, ...headers })).toEqual(everywhere(server, "served"));
    const ends: Record<string, unknown> = {};
    for (const [name, headers] of Object.entries(nextCallers()))
      ends[name] = await tryEverywhere(server, { ...edge, ...headers });
    expect(ends).toEqual({
      token: everywhere(server, "denied"),
      key: everywhere(server, "unauthenticated"),
      password: everywhere(server, "unauthenticated"),
    });
    expect(await tryEverywhere(server, callers()["key"] ?? {})).toEqual(everywhere(server, "denied"));
    expect(server.auditText().split('"reload_failed"').length - 1).toBeGreaterThanOrEqual(WHATS.length);
    for (const what of WHATS) expect(server.logText()).toContain(`${what} as it stands now can't be taken`);
    expect(server.logText()).toContain("line 2");
    for (const secret of [second.text, second.sha256, OTHER_HASH, FILES["edge-header"].good])
      expect(server.logText() + server.auditText()).not.toContain(secret);
  });

  it("let others in, and those before no longer, where they are good", async () => {
    for (const what of WHATS) put(server.dir, what, FILES[what].next);
    await allRead("ok");
    const newEdge = { "x-edge": FILES["edge-header"].next };
    for (const headers of Object.values(nextCallers()))
      expect(await tryEverywhere(server, { ...newEdge, ...headers })).toEqual(everywhere(server, "served"));
    const ends: Record<string, unknown> = {};
    for (const [name, headers] of Object.entries(callers()))
      ends[name] = await tryEverywhere(server, { ...newEdge, ...headers });
    expect(ends).toEqual({
      token: everywhere(server, "denied"),
      key: everywhere(server, "unauthenticated"),
      password: everywhere(server, "unauthenticated"),
    });
    expect(await tryEverywhere(server, { ...edge, ...nextCallers()["key"] })).toEqual(everywhere(server, "denied"));
  });
});

describe("keys of an issuer that are fetched anew", () => {
  const stranger = createTestKey("ES256", "other");
  const foreign = (): Record<string, string> => ({
    "x-edge": FILES["edge-header"].next,
    authorization: `Bearer ${signToken(stranger, { ...goodClaims(server.idp.origin), sub: "bob" }, headerOf(stranger))}`,
  });
  const own = (): Record<string, string> => ({
    "x-edge": FILES["edge-header"].next,
    authorization: `Bearer ${server.token({ sub: "bob" })}`,
  });

  it("stay as they were where the answer is none, and an unknown one can't be judged", async () => {
    server.idp.answer = (_, response) => void response.writeHead(500).end("{}");
    expect(await tryEverywhere(server, foreign())).toEqual(everywhere(server, "unavailable"));
    expect(server.idp.requests.length).toBeGreaterThanOrEqual(2);
    expect(await tryEverywhere(server, own())).toEqual(everywhere(server, "served"));
  });

  it("end every token of a key that is gone, also those that were verified before", async () => {
    server.idp.answer = serveKeys([stranger.jwk]);
    await eventually(async () => {
      const [rest] = server.surfaces;
      const answer = await rest?.call([[1, 2]], { headers: foreign() });
      return answer?.status === 200 ? true : undefined;
    }, 45_000);
    expect(await tryEverywhere(server, own())).toEqual(everywhere(server, "unauthenticated"));
    expect(await tryEverywhere(server, foreign())).toEqual(everywhere(server, "served"));
    expect(server.auditText()).toContain('"keys_gone"');
  });
});
