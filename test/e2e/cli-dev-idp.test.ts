import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { useProjects } from "../support/projects.ts";
import { bentoTs } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const home = mkdtempSync(join(tmpdir(), "bento-ts-home-"));
afterAll(() => rmSync(home, { recursive: true }));

const RULED = `
import { defineApi, serviceClass, t } from "@bento-ts/runtime";
const types = { input: t.Object({ n: t.Number() }), output: t.Number() };
export default serviceClass({ name: "ruled" }, class {
  open = defineApi(types, async ({ n }) => n);
  team = defineApi({ ...types, authorize: { allow: [{ groups: ["ml"], claim: "/realm/roles", anyOf: ["reader"] }] } }, async ({ n }) => 2 * n);
});`;

const start = async (...flags: readonly string[]): Promise<ServerProcess> => {
  const dir = project({ "service.js": RULED });
  const server = await serve(dir, {
    flags: ["--grpc-port", "0", "--workers", "1", ...flags],
    env: { BENTO_HOME: home },
  });
  servers.push(server);
  await eventually(async () => ((await fetch(`${server.url}/readyz`)).ok ? true : undefined));
  return server;
};
const token = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await bentoTs(["token", ...args], { env: { BENTO_HOME: home } });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.trim();
};
const call = async ({ url }: ServerProcess, api: string, bearer?: string): Promise<number> => {
  const headers = {
    "content-type": "application/json",
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
  return (await fetch(`${url}/${api}`, { method: "POST", body: '{"n":21}', headers })).status;
};

describe("bento-ts serve --dev-idp", () => {
  it("takes tokens that bento-ts token signs in another shell, and decides by their claims", async () => {
    const server = await start("--dev-idp");
    expect([await call(server, "open"), await call(server, "team")]).toEqual([401, 401]);
    const plain = await token();
    expect([await call(server, "open", plain), await call(server, "team", plain)]).toEqual([200, 403]);
    const member = await token("--sub", "alice", "--group", "ml", "staff", "--claim", '/realm/roles=["reader"]');
    expect(await call(server, "team", member)).toBe(200);
    const other = await token("--aud", "another-service");
    expect(await call(server, "open", other)).toBe(401);
    const expired = await token("--claim", "exp=1");
    expect(await call(server, "open", expired)).toBe(401);
  });

  it("is what a start without any way of knowing callers proposes where rules ask for them", async () => {
    const server = await start();
    expect([await call(server, "open"), await call(server, "team")]).toEqual([200, 403]);
    expect(server.output()).toMatch(/nobody may call team: the rules ask who calls.*--dev-idp/);
  });

  it("takes no token of whoever has not its key", async () => {
    const server = await start("--dev-idp");
    const { claims } = JSON.parse((await bentoTs(["token", "--json"], { env: { BENTO_HOME: home } })).stdout) as {
      claims: { iss: string };
    };
    const elsewhere = mkdtempSync(join(tmpdir(), "bento-ts-home-"));
    const forged = await bentoTs(["token", "--issuer", claims.iss, "--aud", "ruled"], {
      env: { BENTO_HOME: elsewhere },
    });
    rmSync(elsewhere, { recursive: true });
    expect(forged.code).toBe(0);
    expect(await call(server, "open", forged.stdout.trim())).toBe(401);
  });

  it("asks which issuer is meant where several run, and knows none that ended", async () => {
    const [first, second] = [await start("--dev-idp"), await start("--dev-idp")];
    const several = await bentoTs(["token"], { env: { BENTO_HOME: home } });
    expect(several).toMatchObject({ code: 1, stdout: "" });
    const [, one = "", two = ""] = /--issuer: (\S+) \(ruled\), (\S+) \(ruled\)\n$/.exec(several.stderr) ?? [];
    const statuses = async (issuer: string): Promise<readonly number[]> => {
      const bearer = await token("--issuer", issuer);
      return [await call(first, "open", bearer), await call(second, "open", bearer)];
    };
    expect([await statuses(one), await statuses(two)].map(String).sort()).toEqual(["200,401", "401,200"]);
    await first.stop();
    await second.stop();
    expect(await bentoTs(["token"], { env: { BENTO_HOME: home } })).toEqual({
      code: 1,
      stdout: "",
      stderr: 'error: no server runs with an issuer of its own: start one with "bento-ts serve --dev-idp"\n',
    });
  });

  it("is refused for an address that other machines reach, whatever else is allowed", async () => {
    const dir = project({ "service.js": RULED });
    const env = { BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true", BENTO_HOME: home };
    const result = await bentoTs(["serve", dir, "--dev-idp", "--host", "0.0.0.0", "--public"], { env });
    expect(result).toEqual({
      code: 78,
      stdout: "",
      stderr:
        "error: --dev-idp is for this machine alone, and 0.0.0.0 is reached by others: configure security.oidc.issuers there\n",
    });
  });

  it.each([
    [["--claim", "tenant"], 2, "--claim: expected name=value"],
    [["--expires-in", "60"], 2, '--expires-in: expected a duration such as 1h, got "60"'],
    [
      ["--issuer", "http://127.0.0.1:1"],
      2,
      "http://127.0.0.1:1 does not run on this machine: name the audience with --aud",
    ],
  ])("token %j ends with %i and one sentence", async (args, code, message) => {
    const result = await bentoTs(["token", ...args], { env: { BENTO_HOME: home } });
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toContain(message);
  });
});
