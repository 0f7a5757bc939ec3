import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConfigInputs, loadConfig } from "./load-config.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-config-"));
});
afterEach(() => rm(dir, { recursive: true }));

const load = (inputs: Partial<ConfigInputs> = {}) => loadConfig({ env: {}, ...inputs });

async function projectWith(bentoYaml: string): Promise<Partial<ConfigInputs>> {
  await writeFile(join(dir, "bento.yaml"), bentoYaml);
  return { projectDir: dir };
}

async function platformWith(text: string): Promise<Partial<ConfigInputs>> {
  const configFile = join(dir, "platform.yaml");
  await writeFile(configFile, text);
  return { configFile };
}

/** The problems of a refused configuration as "path: message". */
async function refusal(inputs: Partial<ConfigInputs>): Promise<readonly string[]> {
  const thrown: unknown = await load(inputs).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toMatchObject({ name: "ServingError", code: "FAILED_PRECONDITION" });
  return thrown instanceof Error && "problems" in thrown && Array.isArray(thrown.problems)
    ? thrown.problems.map(({ path, message }: { path: string; message: string }) => `${path}: ${message}`)
    : [];
}

/** What a process outside of a Seldon deployment knows of one. */
const NO_SELDON = {
  isDeployed: false,
  id: null,
  image: null,
  predictorId: null,
  predictorVersion: null,
  deploymentId: null,
  metadataJson: "{}",
  includesMetrics: true,
  passesPayload: false,
  restTimeoutMs: null,
  grpcTimeoutMs: null,
};

describe("values", () => {
  it("are the documented ones by default, in milliseconds and bytes", async () => {
    const { config, warnings } = await load();
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      service: null,
      models: {},
      modelDir: null,
      parameters: {},
      server: {
        host: "127.0.0.1",
        port: 3000,
        grpcPort: 3001,
        modelName: null,
        basePath: "/",
        workers: "auto",
        tuning: true,
        requestTimeoutMs: 60_000,
        hungRunGraceMs: 60_000,
        drainDelayMs: 5000,
        drainTimeoutMs: 30_000,
        maxConnectionAgeMs: 3_600_000,
        trustedProxies: [],
        protocols: { native: true, v2: true, kserveV1: true, seldon: true },
        limits: {
          jsonBytes: 16_777_216,
          binaryBytes: 134_217_728,
          grpcBytes: 134_217_728,
          headersBytes: 32_768,
          connections: 1000,
          connectionsPerIp: 100,
          queueRows: 1000,
          queueBytes: 536_870_912,
          concurrency: "auto",
          workerMemoryBytes: null,
        },
        tls: null,
        cors: { origins: [], credentials: false, exposedHeaders: ["x-request-id", "retry-after"], maxAgeMs: 600_000 },
        admin: { host: "127.0.0.1", port: 3002, metricsPath: "/metrics" },
      },
      security: {
        allowAnonymous: false,
        allowInsecureConnections: false,
        public: [],
        authorOverridable: [],
        defaultAuthorization: "authenticated",
        issuers: [],
        apiKeys: null,
        basic: null,
        authorization: { functions: {}, rulesFile: null },
        ipFilter: { allow: [], deny: [], functions: {}, exempt: [] },
        edgeHeader: null,
        failedAuthentications: { rate: 20, windowMs: 60_000 },
        rateLimits: [],
        audit: { sink: null, webhook: null, level: "metadata", functions: {}, publicRoutes: false, mode: "drop" },
      },
      telemetry: { logLevel: "info", logFormat: "auto", traces: "off" },
      image: { base: "debian:12-slim", packages: [], env: {}, scripts: [], files: [] },
      seldon: NO_SELDON,
      kserve: { isDeployed: false },
      tracing: null,
    });
  });

  it("can be set all from one file", async () => {
    const { config } = await load(
      await projectWith(`
service: src/service.ts
models: { forest: "boston:2" }
modelDir: /mnt/models
parameters: { threshold: 0.5, kind: fast, verbose: true }
server:
  host: "::1"
  port: 8080
  grpcPort: 8081
  modelName: boston.prod
  basePath: /boston
  workers: 2
  tuning: false
  requestTimeout: 1.5s
  drainDelay: 0s
  drainTimeout: 1m
  maxConnectionAge: 5m
  trustedProxies: [10.0.0.0/8, "::1"]
  protocols: { native: false, v2: true, kserveV1: false, seldon: only }
  limits: { json: 1MiB, binary: 1GiB, grpc: 2MiB, headers: 64KiB, connections: 5, connectionsPerIp: 4, queueRows: 0, queueBytes: 1GiB, concurrency: 8, workerMemory: 2GiB }
  tls: { secretDir: /tls, keyPassphraseFile: /pass, cname: a.example.com, profile: compat, clientAuth: require, clientCaFile: /ca.pem, crlFile: /crl.pem, cnFallback: true, httpRedirectPort: 80, acmeChallengeDir: /acme }
  cors: { origins: ["https://app.example.com"], credentials: true, exposedHeaders: [x-a], maxAge: 1m }
  admin: { host: localhost, port: 0, metricsPath: /own/metrics }
security:
  allowAnonymous: true
  public: [docs, metrics]
  authorOverridable: [public]
  defaultAuthorization: deny
  oidc:
    issuers:
      - issuer: https://idp.example.com
        audiences: [models]
        issuerAliases: [https://old.example.com]
        jwksUri: https://idp.example.com/keys
        ca: /ca.pem
        fetchTokenFile: /token
        algorithms: [ES256]
        clockSkew: 10s
        maxTokenAge: 1h
        maxStale: 2h
        typ: at+jwt
        acceptIdTokens: true
        principal: { claim: /email, prefix: "x:" }
        groupsClaim: [realm_access, roles]
        clientIds: [notebook]
        requiredClaims: { tenant: ml, level: [1, 2] }
        requiredForReady: false
  apiKeys: { file: /keys, header: x-key, asBearer: true }
  basic: { htpasswdFile: /htpasswd, allowWeakHashes: true }
  authorization: { functions: { "*": { allow: [{ groups: [ml] }] } }, rulesFile: /rules.yaml }
  ipFilter: { allow: [10.0.0.0/8], deny: [10.1.0.0/16], functions: { score: { deny: ["::1"] } }, exempt: [healthz] }
  edgeHeader: { name: x-edge, value: { env: EDGE } }
  failedAuthentications: { rate: 5, per: 10s }
  rateLimits: [{ rate: 100, window: 1m, burst: 10, per: ip, functions: [score], cost: rows }, { rate: 7, window: 1s }]
  audit: { file: stdout, webhook: { url: "https://audit.example.com", authorization: { file: /t }, ca: /ca.pem, batchSize: 5, batchDelay: 2s, timeout: 3s }, level: none, functions: { score: bodyHash }, publicRoutes: true, mode: strict }
telemetry: { logLevel: silent, logFormat: json, traces: console }
image: { base: "debian:13-slim", packages: [libgomp1], env: { TZ: UTC }, scripts: [setup.sh], files: [labels.json] }
`),
    );
    expect(config).toEqual({
      service: "src/service.ts",
      models: { forest: "boston:2" },
      modelDir: "/mnt/models",
      parameters: { threshold: 0.5, kind: "fast", verbose: true },
      server: {
        host: "::1",
        port: 8080,
        grpcPort: 8081,
        modelName: "boston.prod",
        basePath: "/boston",
        workers: 2,
        tuning: false,
        requestTimeoutMs: 1500,
        hungRunGraceMs: 60_000,
        drainDelayMs: 0,
        drainTimeoutMs: 60_000,
        maxConnectionAgeMs: 300_000,
        trustedProxies: ["10.0.0.0/8", "::1"],
        protocols: { native: false, v2: true, kserveV1: false, seldon: "only" },
        limits: {
          jsonBytes: 1_048_576,
          binaryBytes: 1_073_741_824,
          grpcBytes: 2_097_152,
          headersBytes: 65_536,
          connections: 5,
          connectionsPerIp: 4,
          queueRows: 0,
          queueBytes: 1_073_741_824,
          concurrency: 8,
          workerMemoryBytes: 2_147_483_648,
        },
        tls: {
          source: { kind: "secretDir", secretDir: "/tls" },
          keyPassphraseFile: "/pass",
          cname: "a.example.com",
          profile: "compat",
          clientAuth: "require",
          clientCaFile: "/ca.pem",
          crlFile: "/crl.pem",
          cnFallback: true,
          httpRedirectPort: 80,
          acmeChallengeDir: "/acme",
        },
        cors: { origins: ["https://app.example.com"], credentials: true, exposedHeaders: ["x-a"], maxAgeMs: 60_000 },
        admin: { host: "localhost", port: 0, metricsPath: "/own/metrics" },
      },
      security: {
        allowAnonymous: true,
        allowInsecureConnections: false,
        public: ["docs", "metrics"],
        authorOverridable: ["public"],
        defaultAuthorization: "deny",
        issuers: [
          {
            issuer: "https://idp.example.com",
            audiences: ["models"],
            issuerAliases: ["https://old.example.com"],
            jwksUri: "https://idp.example.com/keys",
            ca: "/ca.pem",
            fetchTokenFile: "/token",
            algorithms: ["ES256"],
            clockSkewMs: 10_000,
            maxTokenAgeMs: 3_600_000,
            maxStaleMs: 7_200_000,
            typ: "at+jwt",
            acceptIdTokens: true,
            principal: { claim: "/email", prefix: "x:" },
            groupsClaim: ["realm_access", "roles"],
            clientIds: ["notebook"],
            requiredClaims: { tenant: ["ml"], level: [1, 2] },
            requiredForReady: false,
          },
        ],
        apiKeys: { file: "/keys", header: "x-key", asBearer: true },
        basic: { htpasswdFile: "/htpasswd", secretDir: null, allowWeakHashes: true },
        authorization: { functions: { "*": { allow: [{ groups: ["ml"] }] } }, rulesFile: "/rules.yaml" },
        ipFilter: {
          allow: ["10.0.0.0/8"],
          deny: ["10.1.0.0/16"],
          functions: { score: { allow: [], deny: ["::1"] } },
          exempt: ["healthz"],
        },
        edgeHeader: { name: "x-edge", value: { kind: "env", name: "EDGE" } },
        failedAuthentications: { rate: 5, windowMs: 10_000 },
        rateLimits: [
          { rate: 100, windowMs: 60_000, burst: 10, per: "ip", functions: ["score"], cost: "rows" },
          { rate: 7, windowMs: 1_000, burst: 7, per: "principal", functions: null, cost: "calls" },
        ],
        audit: {
          sink: "stdout",
          webhook: {
            url: "https://audit.example.com",
            authorization: { kind: "file", path: "/t" },
            ca: "/ca.pem",
            batchSize: 5,
            batchDelayMs: 2_000,
            timeoutMs: 3_000,
          },
          level: "none",
          functions: { score: "bodyHash" },
          publicRoutes: true,
          mode: "strict",
        },
      },
      telemetry: { logLevel: "silent", logFormat: "json", traces: "console" },
      image: {
        base: "debian:13-slim",
        packages: ["libgomp1"],
        env: { TZ: "UTC" },
        scripts: ["setup.sh"],
        files: ["labels.json"],
      },
      seldon: NO_SELDON,
      kserve: { isDeployed: false },
      tracing: {
        exporter: "console",
        protocol: "http/protobuf",
        endpoint: null,
        propagators: ["tracecontext", "baggage"],
        sampler: { name: "parentbased_always_on", ratio: 1 },
        attributes: {},
        queue: { spans: 2048, batchSpans: 512, delayMs: 5000 },
      },
    });
  });

  it("are frozen to their depth", async () => {
    const { config } = await load({
      env: { BENTO_SERVER_TRUSTED_PROXIES: '["::1"]' },
      serviceConfig: { models: { a: "x:1" } },
    });
    const open: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(config, "config");
    expect(open).toEqual([]);
  });
});

describe("precedence", () => {
  it("is flags, variables, orchestrator, --config, bento.yaml, @service, image, defaults", async () => {
    const all: ConfigInputs = {
      flags: { port: "1001" },
      env: { BENTO_SERVER_PORT: "1002", PORT: "1003" },
      ...(await platformWith("server: { port: 1004, host: 10.0.0.4 }")),
      ...(await projectWith("server: { port: 1005, host: 10.0.0.5 }")),
      serviceConfig: { server: { port: 1006, host: "10.0.0.6" } },
      imageDefaults: true,
    };
    const noFlags = { ...all, flags: {} };
    const noVariables = { ...noFlags, env: { PORT: "1003" } };
    const noPort = { ...noFlags, env: {} };
    const noPlatform = { ...noPort, configFile: undefined };
    const noProject = { ...noPlatform, projectDir: undefined };
    const noService = { ...noProject, serviceConfig: {} };
    const ports = await Promise.all(
      [all, noFlags, noVariables, noPort, noPlatform, noProject, noService].map(async (inputs) => {
        const { config, sources } = await loadConfig(inputs);
        return [config.server.port, sources["server.port"], config.server.host, sources["server.host"]];
      }),
    );
    expect(ports).toEqual([
      [1001, "flags", "10.0.0.4", "config-file"],
      [1002, "env", "10.0.0.4", "config-file"],
      [1003, "orchestrator", "10.0.0.4", "config-file"],
      [1004, "config-file", "10.0.0.4", "config-file"],
      [1005, "bento.yaml", "10.0.0.5", "bento.yaml"],
      [1006, "service", "10.0.0.6", "service"],
      [3000, "defaults", "0.0.0.0", "image"],
    ]);
  });

  it("joins mappings name by name and replaces lists", async () => {
    const { config, sources } = await load({
      env: { BENTO_MODELS: '{"a":"env:1"}', BENTO_SERVER_TRUSTED_PROXIES: '["::1"]' },
      ...(await projectWith('models: { a: "yaml:1", b: "yaml:1" }\nserver: { trustedProxies: [10.0.0.0/8] }')),
      serviceConfig: { models: { b: "code:1", c: "code:1" } },
    });
    expect(config.models).toEqual({ a: "env:1", b: "yaml:1", c: "code:1" });
    expect(config.server.trustedProxies).toEqual(["::1"]);
    expect(sources).toMatchObject({
      "models.a": "env",
      "models.b": "bento.yaml",
      "models.c": "service",
      "server.trustedProxies": "env",
    });
  });

  it("opens for one run by --public and leaves flags alone that set no key", async () => {
    const parsed = { public: true, watch: true, host: undefined };
    const { config, sources } = await load({ flags: parsed });
    expect(config.security.allowAnonymous).toBe(true);
    expect(sources["security.allowAnonymous"]).toBe("flags");
  });

  it("listens beyond loopback in an image unless told otherwise", async () => {
    const { config } = await load({ imageDefaults: true, env: { BENTO_SERVER_ADMIN_HOST: "127.0.0.1" } });
    expect([config.server.host, config.server.admin.host]).toEqual(["0.0.0.0", "127.0.0.1"]);
  });
});

describe("refusals", () => {
  it("list everything that is wrong at once, by path and place", async () => {
    const problems = await refusal({
      flags: { workers: "many" },
      env: { BENTO_SERVER_PRT: "1", PORT: "8x" },
      ...(await platformWith("server:\n  requestTimeout: 60\n  wrokers: 2\n")),
      ...(await projectWith(
        'port: 3000\nmodels: { forest: 3 }\nserver:\n  limits:\n    json: 16\n    "foo.bar": 1\n  workers: [2]\n',
      )),
      serviceConfig: { telemetry: "loud" },
    });
    const platform = join(dir, "platform.yaml");
    expect(problems).toEqual([
      'server.workers: expected auto, or an integer from 1 to 1024, got "many" (--workers)',
      "BENTO_SERVER_PRT: unknown variable; did you mean BENTO_SERVER_PORT?",
      'server.port: expected an integer from 0 to 65535, got "8x" (PORT)',
      `server.wrokers: unknown key; did you mean server.workers? (${platform}:3:3)`,
      `server.requestTimeout: expected a duration from 1ms to 24h with its unit (ms, s, m, h); a bare number has none, got 60 (${platform}:2:3)`,
      "port: unknown key; did you mean server.port? (bento.yaml:1:1)",
      "server.limits.foo.bar: unknown key; keys are nested, not written with dots (bento.yaml:6:5)",
      "models.forest: expected a store tag such as forest:2, or the absolute path of a model file or folder, got 3 (bento.yaml:2:1)",
      "server.limits.json: expected a size from 1KiB to 512MiB with its unit (B, kB, MB, GB, KiB, MiB, GiB); a bare number has none, got 16 (bento.yaml:5:5)",
      "server.workers: expected auto, or an integer from 1 to 1024, got a list of 1 (bento.yaml:7:3)",
      'telemetry: expected a mapping of keys, got "loud" (@service({ config }))',
    ]);
  });

  it("carry the whole list in their message", async () => {
    await expect(load({ env: { BENTO_SERVER_PORT: "x", BENTO_SERVER_WORKERS: "0" } })).rejects.toThrow(
      [
        "the configuration is refused, 2 problems:",
        '  server.port: expected an integer from 0 to 65535, got "x" (BENTO_SERVER_PORT)',
        "  server.workers: expected auto, or an integer from 1 to 1024, got 0 (BENTO_SERVER_WORKERS)",
      ].join("\n"),
    );
  });

  it("include bad values that a higher place overrides", async () => {
    expect(await refusal({ flags: { port: "80" }, env: { BENTO_SERVER_PORT: "x" } })).toHaveLength(1);
  });

  it("name keys of later parts as unknown", async () => {
    const problems = await refusal({
      serviceConfig: { deploy: {}, telemetry: { spans: "off" } },
    });
    expect(problems.map((problem) => problem.split(": unknown key", 1)[0])).toEqual(["deploy", "telemetry.spans"]);
  });

  it("keep security out of the code's hands", async () => {
    expect(await refusal({ serviceConfig: { security: { allowAnonymous: true, audit: { file: "off" } } } })).toEqual([
      "security.allowAnonymous: can't be set in code; set it in bento.yaml, by --config or by its variable (@service({ config }))",
      "security.audit.file: can't be set in code; set it in bento.yaml, by --config or by its variable (@service({ config }))",
    ]);
  });

  it("keep whom the server believes, and where it shows its metrics, out of the code's hands", async () => {
    const server = { trustedProxies: ["0.0.0.0/0"], admin: { host: "0.0.0.0", port: 9000 } };
    expect(await refusal({ serviceConfig: { server } })).toEqual([
      "server.trustedProxies: can't be set in code; set it in bento.yaml, by --config or by its variable (@service({ config }))",
      "server.admin.host: can't be set in code; set it in bento.yaml, by --config or by its variable (@service({ config }))",
    ]);
  });

  it("never show values of a secret key", async () => {
    const problems = await refusal(await projectWith('image: { env: { TOKEN: "s3cret\\nvalue" } }'));
    expect(problems).toEqual([
      "image.env.TOKEN: expected a text on one line, got a value that is not shown (bento.yaml:1:10)",
    ]);
  });

  it("refuse __proto__ wherever it stands, and pollute nothing", async () => {
    const problems = await refusal(
      await projectWith("__proto__: { a: 1 }\nserver: { __proto__: { port: 1 } }\nmodels: { __proto__: x }\n"),
    );
    expect(problems.map((problem) => problem.split(":", 1)[0])).toEqual(["__proto__", "server.__proto__", "models"]);
    expect(await refusal({ env: { BENTO_IMAGE_ENV: '{"__proto__":"x"}' } })).toHaveLength(1);
    expect(Reflect.get({}, "a")).toBeUndefined();
  });

  it("refuse inherited names as keys", async () => {
    const problems = await refusal({ serviceConfig: { constructor: 1, toString: {}, server: { hasOwnProperty: 1 } } });
    expect(problems).toHaveLength(3);
  });

  it("refuse one port for service and admin, but not two free ones", async () => {
    expect(await refusal({ flags: { port: "3002" } })).toEqual([
      "server.admin.port: expected a port other than server.port, got 3002 for both",
    ]);
    expect((await load({ flags: { port: "0", "admin-port": "0" } })).config.server.admin.port).toBe(0);
    expect((await load({ flags: { port: "0" } })).config.server.grpcPort).toBe(0);
  });

  it("stay the same list for a tree that holds itself", async () => {
    expect(await refusal(await projectWith("server: &s\n  limits: *s\n"))).toEqual([
      expect.stringContaining("server.limits.limits: unknown key"),
    ]);
  });
});

describe("files", () => {
  it("may lack a bento.yaml but not the file of --config", async () => {
    expect((await load({ projectDir: dir })).config.server.port).toBe(3000);
    const configFile = join(dir, "none.yaml");
    expect(await refusal({ configFile })).toEqual([`${configFile}: no such file`]);
  });

  it("may be empty, or name sections without content", async () => {
    expect((await load(await projectWith(""))).config.server.port).toBe(3000);
    expect((await load(await projectWith("server:\nsecurity:\n  audit:\n"))).config.server.port).toBe(3000);
  });

  it("are refused with line and column when they are no YAML", async () => {
    expect(await refusal(await projectWith("server:\n  port: 1\n  port: 2\n"))).toEqual([
      "bento.yaml:3:3: Map keys must be unique",
    ]);
  });

  it("are refused when they are no mapping, a folder or too large", async () => {
    expect(await refusal(await projectWith("- a\n"))).toEqual([
      "bento.yaml: expected a mapping of keys, got a list of 1",
    ]);
    const folder = join(dir, "folder");
    await mkdir(folder);
    expect(await refusal({ configFile: folder })).toEqual([`${folder}: can't be read as a file`]);
    expect(await refusal(await platformWith(`# ${"x".repeat(256 * 1024)}\n`))).toEqual([
      `${join(dir, "platform.yaml")}: larger than 256 KiB`,
    ]);
  });

  it("warn of a bento.yml, which is not read", async () => {
    await writeFile(join(dir, "bento.yml"), "server: { port: 1 }");
    const { config, warnings } = await load({ projectDir: dir });
    expect(config.server.port).toBe(3000);
    expect(warnings).toEqual(["bento.yml is not read: the file's name is bento.yaml"]);
  });
});

it("gives a configuration or a FAILED_PRECONDITION with problems for any code configuration", async () => {
  const key = fc.constantFrom(
    "server",
    "limits",
    "admin",
    "models",
    "image",
    "env",
    "port",
    "host",
    "json",
    "workers",
    "audit",
    "__proto__",
    "x",
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), fc.dictionary(key, tie("tree"))),
  }));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, tree), async (given) => {
      const serviceConfig = JSON.parse(JSON.stringify(given));
      const outcome = await load({ serviceConfig }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (outcome !== undefined)
        expect(outcome).toMatchObject({
          code: "FAILED_PRECONDITION",
          problems: expect.arrayContaining([expect.anything()]),
        });
    }),
  );
});

describe("security and TLS", () => {
  it("are refused where their keys contradict each other, all at once", async () => {
    const problems = await refusal({
      env: {
        BENTO_SERVER_TLS_CERT_FILE: "/cert.pem",
        BENTO_SERVER_TLS_CLIENT_AUTH: "require",
        BENTO_SERVER_TLS_ACME_CHALLENGE_DIR: "/acme",
        BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true",
        BENTO_SERVER_CORS_ORIGINS: '["*"]',
        BENTO_SERVER_CORS_CREDENTIALS: "true",
        BENTO_SECURITY_BASIC_HTPASSWD_FILE: "/a",
        BENTO_SECURITY_BASIC_SECRET_DIR: "/b",
        BENTO_SECURITY_EDGE_HEADER: '{"name":"x-edge","value":"s3cret"}',
      },
    });
    expect(problems.map((problem) => problem.split(":", 1)[0])).toEqual([
      "server.tls.keyFile",
      "security.allowInsecureConnections",
      "server.tls.clientCaFile",
      "server.tls.acmeChallengeDir",
      "security.basic.secretDir",
      "server.cors.credentials",
      "security.edgeHeader.value",
    ]);
    expect(problems.join()).not.toContain("s3cret");
  });

  it("need a pair for whatever is said of TLS beside it", async () => {
    const problems = await refusal({
      env: { BENTO_SERVER_TLS_HTTP_REDIRECT_PORT: "80", BENTO_SERVER_TLS_CLIENT_AUTH: "require" },
    });
    expect(problems.map((problem) => problem.split(":", 1)[0])).toEqual([
      "server.tls.httpRedirectPort",
      "server.tls.clientAuth",
      "server.tls.clientCaFile",
    ]);
  });

  it("let an issuer be asked with more than the code flow asks, but with nothing that is the flow's or a secret", async () => {
    const issuer = (parameters: string): Promise<Partial<ConfigInputs>> =>
      platformWith(
        `security: { oidc: { issuers: [{ issuer: "https://i.example", audiences: [a], docs: { clientId: d, parameters: ${parameters} } }] } }`,
      );
    const { config } = await load(await issuer("{ audience: models }"));
    expect(config.security.issuers[0]?.docs).toEqual({ clientId: "d", parameters: { audience: "models" } });
    for (const name of ["redirect_uri", "client_secret", "state", "__proto__", "a b"]) {
      const [problem] = await refusal(await issuer(`{ "${name}": x }`));
      expect(problem).toMatch(
        /^security\.oidc\.issuers\[0\]\.docs\.parameters: expected the name of a parameter other/,
      );
    }
  });

  it("name the place of a fault inside an issuer and inside a rule, and the key that was meant", async () => {
    const problems = await refusal({
      env: {
        BENTO_SECURITY_OIDC_ISSUERS: '[{"issuer":"https://a"},{"issuer":"https://b","audience":["x"],"clockSkew":60}]',
        BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: '{"score":{"allow":[{"group":["x"]}]}}',
      },
    });
    expect(problems).toEqual([
      expect.stringMatching(
        /^security\.authorization\.functions\.score\.allow\[0\]\.group: unknown key "group", did you mean "groups"\?/,
      ),
      expect.stringMatching(/^security\.oidc\.issuers\[0\]\.audiences: expected a list of audiences, got undefined/),
      expect.stringMatching(/^security\.oidc\.issuers\[1\]\.audiences: /),
      expect.stringMatching(
        /^security\.oidc\.issuers\[1\]\.audience: expected no such key, did you mean "audiences"\?/,
      ),
      expect.stringMatching(/^security\.oidc\.issuers\[1\]\.clockSkew: .*a bare number has none/),
    ]);
  });
});
