import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { headerOf, signToken } from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { makeProject } from "../support/run-command.ts";
import { eventually, serve } from "../support/server-process.ts";
import {
  type AttackedServer,
  type AuditLine,
  goodClaims,
  startAttacked,
  tryEverywhere,
  WANTED,
} from "./attacked-server.ts";

// What is written down of callers, their words and their ends: security.md B, attack 48; what the e2e tests of audit try over one surface is tried over all here.
const HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked(({ dir }) => {
    writeFileSync(join(dir, "users"), `alice:${HASH}\n`);
    return { BENTO_SECURITY_BASIC_HTPASSWD_FILE: join(dir, "users") };
  });
});
afterAll(() => server.close());

/** Words that would end a line, begin another one or steer a terminal, if they were written as they are. */
const WORDS = [
  'a\n{"decision":"allow"}',
  'a\r\n{"decision":"allow"}',
  '","decision":"allow","x":"',
  '{"decision":"allow"}',
  "a\u2028b\u2029c",
  "a\u0085b",
  "\u001b[2J\u001b[31m",
  "a\0b",
  "\u202egnp.exe",
  "\\",
  '\\"',
  "__proto__",
  "${jndi:ldap://evil}",
  "=cmd|' /C calc'!A0",
  "u".repeat(3_000),
];

/** Lines that were written by what is done meanwhile: as many as there are surfaces, and no more. */
async function linesOf(act: () => Promise<unknown>): Promise<readonly AuditLine[]> {
  const before = server.auditLines().length;
  await act();
  // Of callers who have left the server hears after they know.
  await vi.waitFor(() => expect(server.auditLines().length).toBe(before + server.surfaces.length));
  return server.auditLines().slice(before);
}

describe("a caller's words", () => {
  it.each(WORDS)("%j stay in their place: as name in a good token", async (sub) => {
    const headers = {
      authorization: `Bearer ${server.token({ sub, jti: sub, azp: sub, [WANTED.claim]: WANTED.value })}`,
    };
    const lines = await linesOf(() => tryEverywhere(server, headers));
    for (const line of lines) expect(line).toMatchObject({ decision: "allow", status: 200 });
    expect(new Set(lines.map(({ principal }) => principal)).size).toBe(1);
  });

  it.each(WORDS)("%j stay in their place: as kid, issuer and name of a bad token", async (word) => {
    const { rsa } = server.keys;
    const good = goodClaims(server.idp.origin);
    for (const token of [
      signToken(rsa, good, { ...headerOf(rsa), kid: word.slice(0, 200) }),
      signToken(rsa, { ...good, iss: word }),
      signToken(rsa, { ...good, sub: word, aud: word }),
    ]) {
      const lines = await linesOf(() => tryEverywhere(server, { authorization: `Bearer ${token}` }));
      for (const line of lines) expect(line).toMatchObject({ decision: "deny", principal: null });
    }
  });

  it.each(WORDS)("%j stay in their place: as user with a wrong password", async (user) => {
    const authorization = `Basic ${Buffer.from(`${user}:S3CR3T-password`).toString("base64")}`;
    const lines = await linesOf(() => tryEverywhere(server, { authorization }));
    for (const line of lines) expect(line).toMatchObject({ decision: "deny", principal: null });
  });

  it.each(WORDS.filter((word) => /^[\x20-\x7e]+$/.test(word)))(
    "%j stay in their place: as user agent and id",
    async (word) => {
      const headers = { "x-request-id": word, "user-agent": word, traceparent: word, "x-forwarded-for": word };
      const lines = await linesOf(() => tryEverywhere(server, headers));
      for (const line of lines) {
        expect(line).toMatchObject({ decision: "deny", reason: "missing_credentials" });
        expect(line.requestId).toMatch(word === "__proto__" ? /^__proto__$/ : /^[0-9a-f-]{36}$/);
      }
    },
  );

  it("leave no character behind that a terminal or a reader of lines acts on, and no credential", () => {
    const written = server.auditText() + server.logText();
    expect(written).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
    expect(written).not.toContain("S3CR3T");
    expect(written).not.toContain(Buffer.from("S3CR3T-password").toString("base64").slice(2, 14));
  });
});

describe("a call that its caller leaves", () => {
  it("is one line on every surface, with who it was", async () => {
    const lines = await linesOf(async () => {
      const leaver = new AbortController();
      const headers = { authorization: `Bearer ${server.token({ sub: "leaver" })}` };
      const left = server.surfaces.map(async (surface) =>
        surface.call([[-3, 0]], { headers, signal: leaver.signal }).catch(() => "left"),
      );
      await vi.waitFor(async () => expect(await running()).toBe(server.surfaces.length));
      leaver.abort();
      await Promise.all(left);
    });
    expect(lines.map(({ principal, reason, function: name }) => [principal, reason, name])).toEqual(
      server.surfaces.map(() => ["leaver", "CANCELLED", "double"]),
    );
  });

  it("is one line too where its time is over", async () => {
    const headers = { authorization: `Bearer ${server.token()}` };
    const lines = await linesOf(() =>
      Promise.all(server.surfaces.map((surface) => surface.call([[-3, 0]], { headers, timeoutMs: 300 }))),
    );
    for (const { reason } of lines) expect(["DEADLINE_EXCEEDED", "CANCELLED"]).toContain(reason);
  });
});

/** Calls that run now. */
async function running(): Promise<number> {
  const text = await server.service.metrics();
  return [...text.matchAll(/^bento_requests_in_progress\{[^}]*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

const SERVICE = `import { writeFileSync } from "node:fs";
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "mortal" })
export class Mortal {
  @api({ input: t.String(), output: t.Number() })
  async hold(file) { writeFileSync(file, String(process.pid)); await new Promise(() => {}); }
}`;
const PROTO = `syntax = "proto3";
package bento.mortal.v1;
service Mortal { rpc Hold(Word) returns (Word_); }
message Word { optional string input = 1; }
message Word_ { double output = 1; }`;

describe.skipIf(process.platform !== "linux")("a call that ends with its worker", () => {
  it(
    "is one line, over REST and gRPC, with who called by which key, and never the key",
    { timeout: 120_000 },
    async () => {
      const key = createKey("bento");
      const owner = {
        owner: "r",
        groups: [],
        scopes: [],
        notBeforeMs: undefined,
        expiresMs: undefined,
        functions: undefined,
      };
      const dir = makeProject({
        "service.ts": SERVICE,
        "mortal.proto": PROTO,
        keys: `${toKeyLine({ id: key.id, sha256: key.sha256, ...owner })}\n`,
      });
      const audit = join(dir, "audit.jsonl");
      const process_ = await serve(`${dir}/service.ts`, {
        flags: ["--workers", "1", "--grpc-port", "0"],
        env: { BENTO_SECURITY_AUDIT_FILE: audit, BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys") },
      });
      const client = grpcClient(process_.grpcAddress, join(dir, "mortal.proto"), "bento.mortal.v1.Mortal");
      const [rest, grpc] = [join(dir, "rest"), join(dir, "grpc")];
      const ends = [
        fetch(`${process_.url}/hold?token=S3CR3T`, {
          method: "POST",
          body: JSON.stringify(rest),
          headers: { "content-type": "application/json", "x-api-key": key.text },
        }).then(
          ({ status }) => status,
          () => "cut",
        ),
        client.call("Hold", [{ input: grpc }], { metadata: { "x-api-key": key.text } }).then(({ code }) => code),
      ];
      await eventually(async () => (existsSync(rest) && existsSync(grpc) ? true : undefined));
      process.kill(Number(readFileSync(rest, "utf8")), "SIGKILL");
      expect(await Promise.all(ends)).toEqual(["cut", 14]);
      const lines = await eventually(async () => {
        const calls = readFileSync(audit, "utf8")
          .split("\n")
          .slice(0, -1)
          .filter((line) => line.includes('"requestId"'));
        return calls.length >= 2 ? calls.map((line) => JSON.parse(line) as AuditLine) : undefined;
      });
      client.close();
      await process_.stop();
      expect(lines.map(({ principal, reason, function: name }) => [principal, reason, name])).toEqual([
        [`apikey:${key.id}`, "WORKER_DIED", "hold"],
        [`apikey:${key.id}`, "WORKER_DIED", "hold"],
      ]);
      expect(readFileSync(audit, "utf8") + process_.output()).not.toMatch(
        new RegExp(`${key.text}|${key.sha256}|S3CR3T`),
      );
      rmSync(dir, { recursive: true, force: true });
    },
  );
});
