import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nativeTensorFlowDir } from "@bento-ts/runtime/tensorflow";
import { describe, expect, it, vi } from "vitest";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, put } from "../support/run-command.ts";
import { serve } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const authority = createAuthority();

const SERVICE = `
import { defineApi, serviceClass, t } from "@bento-ts/runtime";
const types = { input: t.Object({ n: t.Number() }), output: t.Number() };
export default serviceClass({ name: "ruled" }, class {
  team = defineApi({ ...types, authorize: { allow: [{ groups: ["ml"] }] } }, async ({ n }) => n);
  open = defineApi({ ...types, authorize: "public" }, async ({ n }) => n);
});`;
const KEY_LINE = JSON.stringify({
  id: "k1",
  sha256: "0".repeat(64),
  owner: "ci",
  groups: [],
  scopes: [],
  expires: "2020-01-01T00:00:00Z",
});

interface Told {
  readonly access?: { readonly routes: readonly { transport: string; path: string; method: string; policy: string }[] };
  readonly findings: readonly { readonly level: string; readonly key: string; readonly message: string }[];
}

/** A project that a platform has secured: TLS, keys, an audit trail, a rate. */
function secured(days = 365): string {
  const { cert, key } = authority.issue("localhost", { days });
  const dir = project({ "service.js": SERVICE, "tls/tls.crt": cert, "tls/tls.key": key, keys: "" });
  chmodSync(join(dir, "tls/tls.key"), 0o600);
  const config = `
server: { host: 0.0.0.0, tls: { secretDir: ${dir}/tls } }
security:
  apiKeys: { file: ${dir}/keys }
  rateLimits: [{ rate: 100, window: 1s, per: principal }]
  audit: { file: ${dir}/audit.log }
`;
  writeFileSync(join(dir, "bento.yaml"), config);
  return dir;
}

describe("bento-ts doctor", () => {
  it("lists each route with who may call it, ways, TLS and limits, and ends well where nothing fails", async () => {
    const dir = secured();
    const { code, stdout, stderr } = await bentoTs(["doctor", dir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ {2}rest +https:\/\/0\.0\.0\.0:3000\/$/m);
    expect(stdout).toMatch(/^ {2}apikey +keys in .*keys, header x-api-key +security\.apiKeys$/m);
    expect(stdout).toMatch(/^ {2}TLS +.*secretDir.*profile modern/m);
    expect(stdout).toMatch(/^ {2}headersBytes +32\.8 kB$/m);
    expect(stdout).toMatch(/^ {2}team +rules of author$/m);
    expect(stdout).toMatch(/^ {2}open +authenticated$/m);
    expect(stdout).toMatch(/^ {2}REST +POST +\/team +rules +team$/m);
    expect(stdout).toMatch(/^ {2}REST +GET +\/healthz +public$/m);
    expect(stdout).toMatch(/^ {2}gRPC +\/bento\.ruled\.v1\.Ruled\/Team +rules +team$/m);
    expect(stdout).toMatch(/^ {2}warning +security\.authorOverridable +the author of open opens it to everybody/m);
    expect(stdout).toMatch(/\n0 problems, 1 warnings\n$/);
  });

  it("names the key of everything that would fail or surprise, and ends with 1", async () => {
    const dir = secured(20);
    const rules = `
server: { admin: { host: 0.0.0.0 }, trustedProxies: [0.0.0.0/0], cors: { origins: ["*"] } }
security:
  authorOverridable: [public]
  defaultAuthorization: deny
  public: [metrics]
  oidc: { issuers: [{ issuer: "https://127.0.0.1:9", audiences: [a] }] }
`;
    writeFileSync(join(dir, "platform.yaml"), rules);
    writeFileSync(join(dir, "keys"), `${KEY_LINE}\n`);
    chmodSync(join(dir, "tls/tls.key"), 0o644);
    const { code, stdout } = await bentoTs(["doctor", dir, "--config", join(dir, "platform.yaml"), "--json"]);
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as Told;
    const rows = findings.map(({ level, key, message }) => `${level} ${key}: ${message}`);
    const expected = [
      /^problem security\.oidc\.issuers\[0\]: keys of https:\/\/127\.0\.0\.1:9 can't be loaded: /,
      /^warning security\.authorOverridable: everybody may call open/,
      /^warning server\.tls: the certificate ends in (19|20) days/,
      /^warning server\.tls\.secretDir: every user of this machine can read the private key .*tls\.key$/,
      /^warning security\.apiKeys\.file: key k1 of ci has expired$/,
      /^warning security\.public: shown to everybody: metrics$/,
      /^warning server\.trustedProxies: /,
      /^warning server\.cors\.origins: /,
      /^warning server\.admin\.host: /,
    ];
    for (const row of expected) expect(rows).toContainEqual(expect.stringMatching(row));
    expect(rows).toHaveLength(expected.length);
  });

  it("says why a start is refused where other machines reach the server, and lists no route of what would not start", async () => {
    const dir = project({ "service.js": SERVICE, "rules.yaml": "team: { allow: [{ groop: [a] }] }\n" });
    const bare = await bentoTs(["doctor", dir, "--json"]);
    const told = JSON.parse(bare.stdout) as Told;
    expect([bare.code, told.findings.filter(({ level }) => level === "problem").map(({ key }) => key)]).toEqual([
      1,
      ["security.allowAnonymous", "security.allowInsecureConnections"],
    ]);
    put(dir, { "bento.yaml": `security: { authorization: { rulesFile: ${dir}/rules.yaml } }\n` });
    const broken = await bentoTs(["doctor", dir]);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain("This configuration is refused: the server would not start, and has no routes.");
    expect(broken.stdout).toMatch(/^ {2}problem +security\.authorization\.rulesFile +.*groop/m);
    put(dir, { "bento.yaml": "security: { apiKey: {} }\n" });
    expect(await bentoTs(["doctor", dir])).toMatchObject({
      code: 78,
      stdout: "",
      stderr: expect.stringContaining("security.apiKey"),
    });
  });

  it("finds that a SavedModel of the service needs a native TensorFlow that is not there", async () => {
    const code = `
import { defineApi, serviceClass, t, tensorflow } from "@bento-ts/runtime";
export default serviceClass({ name: "music" }, class {
  #model = tensorflow("./pitch");
  go = defineApi({ input: t.Number(), output: t.Number() }, async (n) => n);
});`;
    const home = project({});
    const dir = project({ "service.js": code });
    const saved = fileURLToPath(new URL("../models/tensorflow/mlp", import.meta.url));
    for (const [target, name] of [
      [dir, "./pitch"],
      [saved, join(saved, "saved_model.pb")],
    ] as const) {
      const told = await bentoTs(["doctor", target, "--json"], { env: { BENTO_HOME: home } });
      expect(told.code).toBe(1);
      expect((JSON.parse(told.stdout) as Told).findings).toContainEqual({
        level: "problem",
        key: "models",
        message: `the SavedModel "${name}" needs the native TensorFlow, which is not installed in ${nativeTensorFlowDir({ BENTO_HOME: home })}: run "bento-ts tensorflow install", once for all projects of a user`,
      });
    }
  });

  it("lists the paths of the admin port, which answer", async () => {
    const dir = project({ "service.js": SERVICE });
    const env = { BENTO_SERVER_ADMIN_METRICS_PATH: "/stats" };
    const server = await serve(dir, { flags: ["--grpc-port", "0", "--workers", "1"], env });
    servers.push(server);
    const { access } = JSON.parse((await bentoTs(["doctor", dir, "--json"], { env })).stdout) as Told;
    const paths = access?.routes.filter(({ transport }) => transport === "admin").map(({ path }) => path) ?? [];
    expect([...paths].sort()).toEqual(["/healthz", "/metrics", "/prometheus", "/readyz", "/stats"]);
    for (const path of paths) expect([path, (await fetch(server.adminUrl + path)).status]).toEqual([path, 200]);
  });
});
