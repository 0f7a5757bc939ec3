import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bentoTs } from "../support/cli.ts";
import { makeProject } from "../support/run-command.ts";
import { root } from "../support/server-process.ts";

// Configurations that would leave a server open, or closed to everybody: security.md B, attack 50. What is said is what the command says.
const TARGET = join(root, "test/contract/service/service.ts");
const SECRET = "S3CR3T-value-4711";
const FAR = "https://idp.example.com";
const issuer = (more: object): string => JSON.stringify([{ issuer: FAR, audiences: ["models"], ...more }]);

let dir: string;
beforeAll(() => {
  dir = makeProject({});
  writeFileSync(join(dir, "keys"), `{"id":"k1","sha256":"${SECRET}"}\n`);
  writeFileSync(join(dir, "users"), `alice:$1$salt$${SECRET}\nalice\n`);
  writeFileSync(join(dir, "rules"), 'double: { allow: [{ group: ["ml"] }] }\n');
  writeFileSync(join(dir, "empty"), "");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const at = (name: string): string => join(dir, name);

interface Mistake {
  readonly env: () => Readonly<Record<string, string>>;
  /** What the refusal says of it: the key and what is wrong. */
  readonly told: RegExp;
}

const env =
  (key: string, value: string): (() => Record<string, string>) =>
  () => ({ [`BENTO_${key}`]: value });
const ISSUERS = "SECURITY_OIDC_ISSUERS";

const MISTAKES: Readonly<Record<string, Mistake>> = {
  "no audiences": { env: env(ISSUERS, JSON.stringify([{ issuer: FAR }])), told: /security\.oidc\.issuers.*audiences/ },
  "an empty list of audiences": {
    env: env(ISSUERS, issuer({ audiences: [] })),
    told: /security\.oidc\.issuers\[0\]\.audiences/,
  },
  HS256: { env: env(ISSUERS, issuer({ algorithms: ["HS256"] })), told: /security\.oidc\.issuers\[0\]\.algorithms/ },
  "alg none": {
    env: env(ISSUERS, issuer({ algorithms: ["RS256", "none"] })),
    told: /security\.oidc\.issuers\[0\]\.algorithms/,
  },
  "an http issuer": {
    env: env(ISSUERS, issuer({ issuer: "http://idp.example.com" })),
    told: /security\.oidc\.issuers\[0\]\.issuer.*https/,
  },
  "keys over http": {
    env: env(ISSUERS, issuer({ jwksUri: "http://idp.example.com/keys" })),
    told: /security\.oidc\.issuers\[0\]\.jwksUri.*https/,
  },
  "the same issuer twice": {
    env: env(ISSUERS, JSON.stringify([1, 2].map(() => ({ issuer: FAR, audiences: ["models"] })))),
    told: /security\.oidc\.issuers\[1\]\.issuer.*twice/,
  },
  "a skew of a day": { env: env(ISSUERS, issuer({ clockSkew: "24h" })), told: /security\.oidc\.issuers.*clockSkew/ },
  "an unknown key of an issuer": {
    env: env(ISSUERS, issuer({ audience: "models" })),
    told: /security\.oidc\.issuers.*audience/,
  },
  "any origin with credentials": {
    env: () => ({ BENTO_SERVER_CORS_ORIGINS: '["*"]', BENTO_SERVER_CORS_CREDENTIALS: "true" }),
    told: /server\.cors\.credentials/,
  },
  "the origin null": { env: env("SERVER_CORS_ORIGINS", '["null"]'), told: /server\.cors\.origins/ },
  "all of a top-level domain": { env: env("SERVER_CORS_ORIGINS", '["https://*.com"]'), told: /server\.cors\.origins/ },
  "a file of keys with a mistake": {
    env: () => ({ BENTO_SECURITY_API_KEYS_FILE: at("keys") }),
    told: /security\.apiKeys\.file: .*line 1: sha256/,
  },
  "a file of keys that is not there": {
    env: () => ({ BENTO_SECURITY_API_KEYS_FILE: at("none") }),
    told: /security\.apiKeys\.file: .*can't be read/,
  },
  "keys in the place of tokens": {
    env: () => ({ BENTO_SECURITY_API_KEYS_FILE: at("empty"), BENTO_SECURITY_API_KEYS_HEADER: "authorization" }),
    told: /security\.apiKeys\.header/,
  },
  "no users that count": {
    env: () => ({ BENTO_SECURITY_BASIC_HTPASSWD_FILE: at("users") }),
    told: /security\.basic\.htpasswdFile/,
  },
  "rules with an unknown key": {
    env: () => ({ BENTO_SECURITY_AUTHORIZATION_RULES_FILE: at("rules") }),
    told: /security\.authorization\.rulesFile: .*group/,
  },
  "rules for a function that is not there": {
    env: env("SECURITY_AUTHORIZATION_FUNCTIONS", '{"dubble":{"allow":[]}}'),
    told: /security\.authorization\.functions\.dubble/,
  },
  "a rule without a condition": {
    env: env("SECURITY_AUTHORIZATION_FUNCTIONS", '{"double":{"allow":[{}]}}'),
    told: /security\.authorization\.functions/,
  },
  "a secret in the open": {
    env: env("SECURITY_EDGE_HEADER", JSON.stringify({ name: "x-edge", value: SECRET })),
    told: /security\.edgeHeader\.value/,
  },
  "a secret that is not there": {
    env: env("SECURITY_EDGE_HEADER", '{"name":"x-edge","value":{"env":"NO_SUCH"}}'),
    told: /security\.edgeHeader\.value.*NO_SUCH/,
  },
  "an empty secret": {
    env: () => ({ BENTO_SECURITY_EDGE_HEADER: JSON.stringify({ name: "x-edge", value: { file: at("empty") } }) }),
    told: /security\.edgeHeader\.value/,
  },
  "a filter that is no address": {
    env: env("SECURITY_IP_FILTER_DENY", '["10.0.0.0/33"]'),
    told: /security\.ipFilter\.deny/,
  },
  "trust in everybody's word": { env: env("SERVER_TRUSTED_PROXIES", '["all"]'), told: /server\.trustedProxies/ },
  "half a pair": { env: () => ({ BENTO_SERVER_TLS_CERT_FILE: at("empty") }), told: /server\.tls\.keyFile/ },
  "an unknown route": { env: env("SECURITY_PUBLIC", '["admin"]'), told: /security\.public/ },
  "a limit of nothing": {
    env: env("SECURITY_RATE_LIMITS", '[{"rate":0,"window":"1m"}]'),
    told: /security\.rateLimits/,
  },
  "records over http": {
    env: env("SECURITY_AUDIT_WEBHOOK", '{"url":"http://audit.example.com/x"}'),
    told: /security\.audit\.webhook\.url.*https/,
  },
  "an open address": {
    env: env("SERVER_HOST", "0.0.0.0"),
    told: /security\.allowAnonymous[\s\S]*security\.allowInsecureConnections/,
  },
};

async function start(
  variables: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<{ exitCode: number; told: string }> {
  const args = ["serve", TARGET, "--port", "0", "--admin-port", "0", "--workers", "1", ...flags];
  const { exitCode, stdout, stderr } = await bentoTs(args, variables);
  return { exitCode, told: stdout + stderr };
}

describe("a configuration with a mistake", () => {
  it.each(Object.entries(MISTAKES))(
    "%s: stops the start and is told by its key",
    async (_name, { env: variables, told }) => {
      const end = await start(variables());
      expect(end.exitCode).toBe(78);
      expect(end.told.replaceAll("\n", " ")).toMatch(told);
      expect(end.told).not.toContain(SECRET);
      expect(end.told).not.toMatch(/ready on|\n\s+at /);
    },
  );

  it("an unknown key under security stops the start", async () => {
    writeFileSync(at("bento.yaml"), "security:\n  allowAnonymus: true\n  oidc:\n    issuer: x\n");
    const end = await start({}, ["--config", at("bento.yaml")]);
    expect(end.exitCode).toBe(78);
    expect(end.told).toContain("security.allowAnonymus");
    expect(end.told).toContain("security.oidc.issuer");
  });
});

/** Starts with several mistakes and wants each told. */
async function expectAllTold(names: readonly string[]): Promise<void> {
  const chosen = names.map((name) => MISTAKES[name]).filter((mistake) => mistake !== undefined);
  expect(chosen.length).toBe(names.length);
  const end = await start(Object.assign({}, ...chosen.map(({ env: variables }) => variables())));
  expect(end.exitCode).toBe(78);
  for (const { told } of chosen) expect(end.told.replaceAll("\n", " ")).toMatch(told);
  expect(end.told).not.toContain(SECRET);
}

describe("several mistakes are told at once", () => {
  it("where values are none that a key takes", () =>
    expectAllTold([
      "a skew of a day",
      "a filter that is no address",
      "an unknown route",
      "a limit of nothing",
      "trust in everybody's word",
      "a rule without a condition",
    ]));

  it("where keys contradict each other", () =>
    expectAllTold([
      "any origin with credentials",
      "half a pair",
      "keys in the place of tokens",
      "a secret in the open",
    ]));

  it("where files and the service say otherwise, and the address is open", () =>
    expectAllTold([
      "a file of keys with a mistake",
      "no users that count",
      "rules with an unknown key",
      "rules for a function that is not there",
      "an empty secret",
      "HS256",
    ]));

  it("beside an address that others reach", async () => {
    const end = await start({
      BENTO_SERVER_HOST: "0.0.0.0",
      ...MISTAKES["rules for a function that is not there"]?.env(),
    });
    expect(end.told).toMatch(/functions\.dubble[\s\S]*security\.allowInsecureConnections/);
  });
});

it("an audit file that can't be opened stops the start with its key", async () => {
  const end = await start({ BENTO_SECURITY_AUDIT_FILE: "/no/such/folder/audit" });
  expect(end.exitCode).toBe(1);
  expect(end.told).toContain("security.audit.file");
});
