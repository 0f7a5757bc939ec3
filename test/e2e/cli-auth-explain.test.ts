import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { useProjects } from "../support/projects.ts";
import { bentoTs, bin, type CommandResult, gather, run } from "../support/run-command.ts";
import { eventually, root, serve } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const home = mkdtempSync(join(tmpdir(), "bento-ts-home-"));
afterAll(() => rmSync(home, { recursive: true }));
const env = { BENTO_HOME: home };

const RULED = `
import { defineApi, serviceClass, t } from "@bento-ts/runtime";
const types = { input: t.Object({ n: t.Number() }), output: t.Number() };
export default serviceClass({ name: "ruled" }, class {
  open = defineApi(types, async ({ n }) => n);
  team = defineApi({ ...types, authorize: { deny: [{ principals: ["mallory"] }], allow: [{ groups: ["ml"] }] } }, async ({ n }) => n);
});`;

const explain = async (args: readonly string[], input = ""): Promise<CommandResult> => {
  const child = spawn(process.execPath, [bin, "auth", "explain", ...args], {
    env: { ...process.env, ...env, NO_COLOR: "1" },
  });
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
};
const token = async (...args: readonly string[]): Promise<string> =>
  (await bentoTs(["token", ...args], { env })).stdout.trim();

describe("bento-ts auth explain", () => {
  it("says of every caller what the server does, and why", async () => {
    const dir = project({ "service.js": RULED, keys: "" });
    const file = join(dir, "keys");
    writeFileSync(join(dir, "bento.yaml"), `security: { apiKeys: { file: ${file} } }\n`);
    const key = (await bentoTs(["keys", "new", "--owner", "ci", "--function", "open", "--file", file])).stdout.trim();
    const server = await serve(dir, { flags: ["--grpc-port", "0", "--workers", "1", "--dev-idp"], env });
    servers.push(server);
    await eventually(async () => ((await fetch(`${server.url}/readyz`)).ok ? true : undefined));
    const member = await token("--sub", "alice", "--group", "ml", "--claim", "secret=never-shown");
    const other = await token("--sub", "bob", "--group", "hr");
    const denied = await token("--sub", "mallory", "--group", "ml");
    const expired = await token("--claim", "exp=1");
    const rows: readonly (readonly [string, string | undefined, string | undefined, string])[] = [
      ["open", member, undefined, "allowed: open answers"],
      ["team", member, undefined, "allowed: team answers"],
      ["team", other, undefined, "denied: REST 403, gRPC 7 (PERMISSION_DENIED), policy_denied"],
      ["team", denied, undefined, "denied: REST 403, gRPC 7 (PERMISSION_DENIED), policy_denied"],
      ["open", expired, undefined, "denied: REST 401, gRPC 16 (UNAUTHENTICATED), expired"],
      ["open", `${member}x`, undefined, "denied: REST 401, gRPC 16 (UNAUTHENTICATED), "],
      ["open", undefined, key, "allowed: open answers"],
      ["team", undefined, key, "denied: REST 403, gRPC 7 (PERMISSION_DENIED), policy_denied"],
      ["open", undefined, undefined, "denied: REST 401, gRPC 16 (UNAUTHENTICATED), missing_credentials"],
    ];
    for (const [api, bearer, apiKey, verdict] of rows) {
      const flags = bearer !== undefined ? ["--token-file", "-"] : apiKey !== undefined ? ["--api-key", apiKey] : [];
      const told = await explain([api, dir, "--dev-idp", ...flags], bearer);
      const headers = {
        "content-type": "application/json",
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(apiKey === undefined ? {} : { "x-api-key": apiKey }),
      };
      const reply = await fetch(`${server.url}/${api}`, { method: "POST", body: '{"n":1}', headers });
      expect(told.stdout).toContain(verdict);
      expect([told.code, reply.status]).toEqual([
        reply.status === 200 ? 0 : 1,
        Number(/REST (\d+)/.exec(told.stdout)?.[1] ?? 200),
      ]);
      for (const hidden of [bearer, apiKey, "never-shown"])
        if (hidden !== undefined) expect(told.stdout + told.stderr).not.toContain(hidden);
    }
    const lines = (await explain(["team", dir, "--dev-idp", "--token", denied])).stdout;
    expect(lines).toMatch(/^caller +ok +mallory \(oidc\)$/m);
    expect(lines).toMatch(/^ {2}author\.deny\[0\] +matches +principals holds$/m);
    const json = await explain(["team", dir, "--dev-idp", "--token", other, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ allowed: false, clause: "author.allow", http: 403, grpc: 7 });
  });

  it("ends with 2 for what can't be meant and with 78 for a refused configuration", async () => {
    const dir = project({ "service.js": RULED });
    expect(await explain(["tema", dir])).toEqual({
      code: 2,
      stdout: "",
      stderr: 'error: ruled has no API "tema"; it has open, team\n',
    });
    expect(await explain(["team", dir, "--token", "a", "--api-key", "b"])).toMatchObject({ code: 2 });
    writeFileSync(join(dir, "platform.yaml"), "security: { oidc: { issuers: [{ issuer: 'http://idp.example' }] } }\n");
    const refused = await explain(["team", dir, "--config", join(dir, "platform.yaml")]);
    expect(refused).toMatchObject({ code: 78, stdout: "" });
    expect(refused.stderr).toContain("audiences");
  });
});

it("bento-ts inspect lists the author's rules of each API", async () => {
  const dir = project({ "service.js": RULED });
  const { stdout } = await run(process.execPath, [bin, "inspect", dir], { cwd: root });
  expect(stdout).toMatch(/POST \/open.*\n(?: {4}.*\n)* {4}callers +whom the platform lets in\n/);
  expect(stdout).toMatch(/POST \/team.*\n(?: {4}.*\n)* {4}deny +principals mallory\n {4}allow +groups ml\n/);
});
