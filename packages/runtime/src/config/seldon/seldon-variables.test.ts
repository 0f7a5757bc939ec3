import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServingError } from "../../errors.ts";
import { type ConfigInputs, loadConfig } from "../load-config.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-seldon-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** Variables that the operator sets on a container. */
const OPERATOR = {
  PREDICTIVE_UNIT_SERVICE_PORT: "9000",
  PREDICTIVE_UNIT_HTTP_SERVICE_PORT: "9000",
  PREDICTIVE_UNIT_GRPC_SERVICE_PORT: "9500",
  PREDICTIVE_UNIT_METRICS_SERVICE_PORT: "6000",
  PREDICTIVE_UNIT_METRICS_ENDPOINT: "/prometheus",
  PREDICTIVE_UNIT_ID: "classifier",
  PREDICTIVE_UNIT_IMAGE: "registry:5000/team/boston:1.4",
  PREDICTOR_ID: "default",
  PREDICTOR_LABELS: '{"version":"v2","app":"x"}',
  SELDON_DEPLOYMENT_ID: "houses",
};

const refusal = (inputs: ConfigInputs): Promise<string> =>
  loadConfig(inputs).then(
    () => "",
    (error: ServingError) => error.message,
  );

describe("a Seldon deployment's variables", () => {
  it("set ports, names and who owns /predict", async () => {
    const { config, sources, warnings } = await loadConfig({ env: OPERATOR, annotationsFile: join(dir, "none") });
    expect(warnings).toEqual([]);
    expect(config.server).toMatchObject({
      port: 9000,
      grpcPort: 9500,
      modelName: "classifier",
      admin: { port: 6000, metricsPath: "/prometheus" },
      protocols: { native: true, v2: true, kserveV1: true, seldon: "only" },
    });
    expect(sources["server.port"]).toBe("orchestrator");
    expect(config.seldon).toEqual({
      isDeployed: true,
      id: "classifier",
      image: "registry:5000/team/boston:1.4",
      predictorId: "default",
      predictorVersion: "v2",
      deploymentId: "houses",
      metadataJson: "{}",
      includesMetrics: true,
      passesPayload: false,
      restTimeoutMs: null,
      grpcTimeoutMs: null,
    });
  });

  it("never open the server: security stays as it was", async () => {
    const { config } = await loadConfig({ env: OPERATOR, annotationsFile: join(dir, "none") });
    expect(config.security).toMatchObject({ allowAnonymous: false, allowInsecureConnections: false });
  });

  it("stand below BENTO_ variables and above files", async () => {
    await writeFile(join(dir, "bento.yaml"), "server: { port: 8080, protocols: { seldon: false } }");
    const { config } = await loadConfig({
      env: { ...OPERATOR, BENTO_SERVER_GRPC_PORT: "7000" },
      projectDir: dir,
      annotationsFile: join(dir, "none"),
    });
    expect(config.server).toMatchObject({ port: 9000, grpcPort: 7000, protocols: { seldon: "only" } });
  });

  it.each([
    [{ PREDICTIVE_UNIT_SERVICE_PORT: "9001" }, 9001],
    [{ PREDICTIVE_UNIT_SERVICE_PORT: "9500", PREDICTIVE_UNIT_GRPC_SERVICE_PORT: "9500" }, 3000],
    [{ PREDICTIVE_UNIT_SERVICE_PORT: "9001", PREDICTIVE_UNIT_HTTP_SERVICE_PORT: "9002", PORT: "1" }, 9002],
  ])("take the old port variable for REST where nothing says otherwise: %j", async (env, port) => {
    const { config } = await loadConfig({ env, annotationsFile: join(dir, "none") });
    expect(config.server.port).toBe(port);
  });

  it.each([
    ["DEBUG", "debug"],
    ["INFO", "info"],
    ["WARNING", "warn"],
    ["error", "error"],
  ])("know the log level %s", async (level, expected) => {
    const { config } = await loadConfig({ env: { SELDON_LOG_LEVEL: level } });
    expect(config.telemetry.logLevel).toBe(expected);
  });

  it("say how many processes there are by GUNICORN_WORKERS", async () => {
    expect((await loadConfig({ env: { GUNICORN_WORKERS: "3" } })).config.server.workers).toBe(3);
  });

  it.each([
    ["true", false, true],
    ["1", false, true],
    ["T", false, true],
    ["false", false, false],
    ["yes", false, false],
  ])("take %j as a switch by Seldon's words", async (word, _off, expected) => {
    const env = { PAYLOAD_PASSTHROUGH: word, INCLUDE_METRICS_IN_CLIENT_RESPONSE: word };
    const { seldon } = (await loadConfig({ env })).config;
    expect([seldon.passesPayload, seldon.includesMetrics]).toEqual([expected, expected]);
  });

  it.each(["name: houses\nversions: [v1]\n", '{"name":"houses","versions":["v1"]}'])(
    "read MODEL_METADATA in YAML and JSON: %j",
    async (text) => {
      const { config, warnings } = await loadConfig({ env: { MODEL_METADATA: text } });
      expect(JSON.parse(config.seldon.metadataJson ?? "")).toEqual({ name: "houses", versions: ["v1"] });
      expect(warnings).toEqual([]);
    },
  );

  it("warn of a description that can't be read, and start", async () => {
    const { config, warnings } = await loadConfig({ env: { MODEL_METADATA: "- a\n- b", PREDICTOR_LABELS: "{" } });
    expect(config.seldon).toMatchObject({ metadataJson: null, predictorVersion: null });
    expect(warnings).toEqual([
      "PREDICTOR_LABELS is no JSON object and is ignored",
      "MODEL_METADATA is neither JSON nor YAML of an object: /metadata answers 500",
    ]);
  });
});

describe("PREDICTIVE_UNIT_PARAMETERS", () => {
  const load = (parameters: unknown) =>
    loadConfig({ env: { PREDICTIVE_UNIT_PARAMETERS: JSON.stringify(parameters) }, annotationsFile: join(dir, "none") });

  it("become typed values by name", async () => {
    const { config } = await load([
      { name: "count", value: "10", type: "INT" },
      { name: "delta", value: "0.5", type: "FLOAT" },
      { name: "wide", value: "1e300", type: "DOUBLE" },
      { name: "label", value: "007", type: "STRING" },
      ...["y", "Yes", "t", "TRUE", "on", "1"].map((value, index) => ({ name: `yes${index}`, value, type: "BOOL" })),
      ...["n", "No", "f", "FALSE", "off", "0"].map((value, index) => ({ name: `no${index}`, value, type: "BOOL" })),
    ]);
    expect(config.parameters).toEqual({
      count: 10,
      delta: 0.5,
      wide: 1e300,
      label: "007",
      ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`yes${index}`, true])),
      ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`no${index}`, false])),
    });
  });

  it.each([
    [{ name: "delta", value: "ten", type: "FLOAT" }, 'parameters.delta: expected a number (FLOAT), got "ten"'],
    [{ name: "delta", value: "1.5", type: "INT" }, 'parameters.delta: expected a whole number (INT), got "1.5"'],
    [{ name: "delta", value: "maybe", type: "BOOL" }, "parameters.delta: expected yes or no"],
    [
      { name: "delta", value: "1", type: "COMPLEX" },
      "parameters.delta: expected a type of INT, FLOAT, DOUBLE, STRING, BOOL",
    ],
    [{ name: "delta", value: 1, type: "INT" }, "parameters[0]: expected a parameter such as"],
    ["delta", "parameters[0]: expected a parameter such as"],
  ])("stop the start by the parameter's name: %j", async (parameter, message) => {
    const text = JSON.stringify([parameter]);
    const refused = await refusal({ env: { PREDICTIVE_UNIT_PARAMETERS: text }, annotationsFile: join(dir, "none") });
    expect(refused).toContain(message);
    expect(refused).toContain("(PREDICTIVE_UNIT_PARAMETERS)");
  });

  it.each(["{", '{"name":"delta"}', "null"])("stop the start when they are no list: %s", async (text) => {
    const refused = await refusal({ env: { PREDICTIVE_UNIT_PARAMETERS: text }, annotationsFile: join(dir, "none") });
    expect(refused).toContain("expected a list such as");
  });

  it("are refused or read, whatever stands in them", async () => {
    const parameter = fc.record(
      {
        name: fc.string(),
        value: fc.oneof(fc.string(), fc.double()),
        type: fc.constantFrom("INT", "FLOAT", "BOOL", "x"),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(parameter).map((list) => JSON.stringify(list)),
          fc.string(),
        ),
        async (text) => {
          const env = { PREDICTIVE_UNIT_PARAMETERS: text };
          const outcome = await loadConfig({ env, annotationsFile: "/nowhere" }).catch(
            (error: ServingError) => error.code,
          );
          expect(typeof outcome === "string" ? outcome : "read").toMatch(/^(?:FAILED_PRECONDITION|read)$/);
        },
      ),
    );
  });
});

describe("annotations of the pod", () => {
  const load = async (text: string, env: ConfigInputs["env"] = OPERATOR) => {
    const annotationsFile = join(dir, "annotations");
    await writeFile(annotationsFile, text);
    return loadConfig({ env, annotationsFile });
  };

  it("set times and the largest message", async () => {
    const { config } = await load(
      [
        'kubernetes.io/config.seen="2026-11-23T00:00:00Z"',
        'seldon.io/rest-timeout="120000"',
        'seldon.io/grpc-timeout="5000"',
        'seldon.io/grpc-max-message-size="2147483647"',
        "",
      ].join("\n"),
    );
    expect(config.seldon).toMatchObject({ restTimeoutMs: 120_000, grpcTimeoutMs: 5000 });
    expect(config.server.requestTimeoutMs).toBe(120_000);
    expect(config.server.limits.grpcBytes).toBe(2_147_483_647);
  });

  it("for one transport leave the other at the server's own limit", async () => {
    const { config } = await load('seldon.io/rest-timeout="1000"\n');
    expect(config.seldon).toMatchObject({ restTimeoutMs: 1000, grpcTimeoutMs: null });
    expect(config.server.requestTimeoutMs).toBe(60_000);
  });

  it("stop the start when they hold no number", async () => {
    const annotationsFile = join(dir, "annotations");
    await writeFile(annotationsFile, 'seldon.io/rest-timeout="5s"\nseldon.io/grpc-timeout="0"\n');
    const refused = await refusal({ env: OPERATOR, annotationsFile });
    expect(refused).toContain('seldon.io/rest-timeout: expected whole milliseconds > 0, got "5s"');
    expect(refused).toContain('seldon.io/grpc-timeout: expected whole milliseconds > 0, got "0"');
  });

  it("are not read outside of a Seldon deployment", async () => {
    const { config } = await load('seldon.io/rest-timeout="1000"\n', {});
    expect(config.seldon.restTimeoutMs).toBeNull();
  });
});
