import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { bin, gather, run, start } from "../support/run-command.ts";
import { root } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const entry = `${root}packages/runtime/dist/server/entry.js`;
/** Adds one to a float32 tensor [n, 4]: x → y. */
const model = `${root}test/models/add-one.onnx`;

interface Ports {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

/** How one orchestrator starts a container of ours and talks to it. */
interface Orchestrator {
  /** What is run, with the flags that the orchestrator gives. */
  readonly args: (ports: Ports, modelDir: string) => readonly string[];
  /** The variables that it sets. */
  readonly env: (ports: Ports, modelDir: string) => Readonly<Record<string, string>>;
  /** Paths that it asks for on the REST port to see whether the container is ready, with the answers. */
  readonly probes: Readonly<Record<string, unknown>>;
  /** Where it looks for metrics. */
  readonly metrics: (ports: Ports) => string;
  readonly rest: { readonly path: string; readonly body: unknown; readonly answer: unknown };
  readonly grpc: {
    readonly file: string;
    readonly service: string;
    readonly method: string;
    readonly message: object;
    readonly answer: unknown;
  };
}

const row = [1, 2, 3, 4];
const rowPlusOne = [2, 3, 4, 5];
const tensorShape = { dim: [{ size: "1" }, { size: "4" }] };

const ORCHESTRATORS: Readonly<Record<string, Orchestrator>> = {
  Seldon: {
    args: () => [bin, "serve", model, "--host", "0.0.0.0"],
    env: ({ http, grpc, metrics }) => ({
      PREDICTIVE_UNIT_SERVICE_PORT: String(http),
      PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(http),
      PREDICTIVE_UNIT_GRPC_SERVICE_PORT: String(grpc),
      PREDICTIVE_UNIT_METRICS_SERVICE_PORT: String(metrics),
      PREDICTIVE_UNIT_METRICS_ENDPOINT: "/prometheus",
      PREDICTIVE_UNIT_ID: "houses",
      PREDICTIVE_UNIT_IMAGE: "registry:5000/houses:1.4",
      PREDICTOR_ID: "default",
      PREDICTOR_LABELS: '{"version":"v1"}',
      SELDON_DEPLOYMENT_ID: "houses",
      SELDON_EXECUTOR_ENABLED: "true",
    }),
    probes: { "/health/ping": "pong", "/health/status": { strData: "healthy" } },
    metrics: ({ metrics }) => `${metrics}/prometheus`,
    rest: {
      path: "/predict",
      body: { data: { tensor: { shape: [1, 4], values: row } } },
      answer: { data: { tensor: { shape: [1, 4], values: rowPlusOne } } },
    },
    grpc: {
      file: "seldon.proto",
      service: "seldon.protos.Model",
      method: "Predict",
      message: { data: { tensor: { shape: [1, 4], values: row } } },
      answer: { data: { tensor: { shape: [1, 4], values: rowPlusOne } } },
    },
  },
  MLServer: {
    args: () => [entry, "--image"],
    env: ({ http, grpc, metrics }, modelDir) => ({
      MLSERVER_HTTP_PORT: String(http),
      MLSERVER_GRPC_PORT: String(grpc),
      MLSERVER_METRICS_PORT: String(metrics),
      MLSERVER_MODEL_NAME: "houses",
      MLSERVER_MODEL_URI: modelDir,
    }),
    probes: {
      "/v2/health/live": { live: true },
      "/v2/health/ready": { ready: true },
      "/v2/models/houses/ready": { name: "houses", ready: true },
    },
    metrics: ({ metrics }) => `${metrics}/metrics`,
    rest: {
      path: "/v2/models/houses/infer",
      body: { inputs: [{ name: "x", shape: [1, 4], datatype: "FP32", data: row }] },
      answer: { model_name: "houses", outputs: [{ name: "y", shape: [1, 4], datatype: "FP32", data: rowPlusOne }] },
    },
    grpc: {
      file: "open_inference.proto",
      service: "inference.GRPCInferenceService",
      method: "ModelReady",
      message: { name: "houses" },
      answer: { ready: true },
    },
  },
  KServe: {
    args: ({ grpc, metrics }, modelDir) => [
      entry,
      "--image",
      "--model_name=houses",
      `--model_dir=${modelDir}`,
      `--grpc_port=${grpc}`,
      // KServe knows no port of metrics: two servers on one machine need two of them.
      "--admin-port",
      String(metrics),
    ],
    env: ({ http }, modelDir) => ({ PORT: String(http), STORAGE_URI: modelDir }),
    probes: { "/": { status: "alive" }, "/v1/models/houses": { name: "houses", ready: true } },
    metrics: ({ http }) => `${http}/metrics`,
    rest: {
      path: "/v1/models/houses:predict",
      body: { instances: [row] },
      answer: { predictions: [rowPlusOne] },
    },
    grpc: {
      file: "tensorflow_serving/apis/prediction_service.proto",
      service: "tensorflow.serving.PredictionService",
      method: "Predict",
      message: {
        model_spec: { name: "houses" },
        inputs: { x: { dtype: 1, tensor_shape: tensorShape, float_val: row } },
      },
      answer: { outputs: { y: { dtype: 1, tensor_shape: tensorShape, float_val: rowPlusOne } } },
    },
  },
};

const SECURITY = {
  BENTO_SECURITY_ALLOW_ANONYMOUS: "true",
  BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true",
};

let modelDir: string;
beforeAll(() => {
  modelDir = mkdtempSync(join(tmpdir(), "bento-mounted-"));
  copyFileSync(model, join(modelDir, "model.onnx"));
});
afterAll(() => rmSync(modelDir, { recursive: true }));

describe.each(Object.entries(ORCHESTRATORS))("with nothing but the variables and flags of %s", (_, orchestrator) => {
  it.each([
    ["both security keys", {}, ["security.allowAnonymous", "security.allowInsecureConnections"]],
    [
      "one of the security keys",
      { BENTO_SECURITY_ALLOW_ANONYMOUS: "true" },
      ["missing: security.allowInsecureConnections"],
    ],
  ])("a server without %s ends with exit code 78 and says what is missing", async (_keys, keys, missing) => {
    const ports = await freePorts();
    const env = { ...orchestrator.env(ports, modelDir), ...keys };
    const { code, stderr } = await run(process.execPath, orchestrator.args(ports, modelDir), { env });
    expect(code).toBe(78);
    for (const key of missing) expect(stderr).toContain(key);
  });

  it("and the security keys, ports open when the model is loaded, and probes and calls are answered", async () => {
    const ports = await freePorts();
    const child = start(process.execPath, orchestrator.args(ports, modelDir), {
      env: {
        ...orchestrator.env(ports, modelDir),
        ...SECURITY,
        BENTO_SERVER_WORKERS: "1",
        BENTO_SERVER_DRAIN_DELAY: "0s",
      },
    });
    const output = [gather(child.stdout), gather(child.stderr)];
    const ended = once(child, "exit");
    const refused = await Promise.all([ports.http, ports.grpc].map((port) => untilOpen(port, () => child.exitCode)));
    expect(child.exitCode, output.map((read) => read()).join("")).toBeNull();
    for (const times of refused) expect(times).toBeGreaterThan(0);

    const url = `http://127.0.0.1:${ports.http}`;
    // Ready with the first connection: nothing is asked before.
    for (const [path, answer] of Object.entries(orchestrator.probes))
      expect(await ask(url + path)).toMatchObject(like(answer));
    const { rest, grpc } = orchestrator;
    expect(await ask(url + rest.path, rest.body)).toMatchObject(like(rest.answer));
    expect(await askGrpc(ports.grpc, grpc)).toMatchObject({ code: 0, messages: [grpc.answer] });
    const health = {
      file: "grpc/health/v1/health.proto",
      service: "grpc.health.v1.Health",
      method: "Check",
      message: {},
    };
    expect(await askGrpc(ports.grpc, health)).toMatchObject({ code: 0, messages: [{ status: 1 }] });
    // A worker that has just started may not answer a first scrape in time.
    await expect
      .poll(() => ask(`http://127.0.0.1:${orchestrator.metrics(ports)}`), { timeout: 60_000 })
      .toMatchObject(like(expect.stringContaining("bento_requests_total{")));

    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });
});

/** Status and body of an answer: JSON where it is some, else text. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const like = (body: unknown): Answer => ({ status: 200, body });

async function ask(url: string, body?: unknown): Promise<Answer> {
  const init =
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
}

async function askGrpc(
  port: number,
  { file, service, method, message }: Omit<Orchestrator["grpc"], "answer">,
): Promise<unknown> {
  const client = grpcClient(`127.0.0.1:${port}`, file, service);
  try {
    return await client.call(method, [message]);
  } finally {
    client.close();
  }
}

/** Three ports that nobody listens on, found together so that they differ. */
async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    [0, 1, 2].map(async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const [http = 0, grpc = 0, metrics = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return { http, grpc, metrics };
}

/** Connects as a TCP probe does until a port is open, or the process has ended; gives how often it was closed. */
async function untilOpen(port: number, exitCode: () => number | null): Promise<number> {
  let refused = 0;
  while (exitCode() === null && !(await canConnect(port))) refused += 1;
  return refused;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setImmediate(resolve, false));
  });
}
