import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { bin, run } from "../support/run-command.ts";
import { root, type ServerProcess, startProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const READY = /ready on (http:\/\/[^\s"]+) .*metrics (http:\/\/[^\s"]+)\/metrics/;
const entry = `${root}packages/runtime/dist/server/entry.js`;

const servers: ServerProcess[] = [];
const dirs: string[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

async function started(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startProcess(args, READY, { BENTO_SERVER_WORKERS: "1", ...env });
  servers.push(server);
  return server;
}

/** A folder as a storage initializer leaves it: files of the repository under other names. */
function mount(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "bento-mnt-"));
  dirs.push(dir);
  for (const [name, from] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    copyFileSync(`${root}${from}`, join(dir, name));
  }
  return dir;
}

async function predict(url: string, model: string, instances: unknown): Promise<unknown> {
  const response = await fetch(`${url}/v1/models/${model}:predict`, {
    method: "POST",
    body: JSON.stringify({ instances }),
  });
  return response.json();
}

const addOne = "test/models/add-one.onnx";
const identity = "test/models/identity-float32.onnx";
const row = [1, 2, 3, 4];
const rowPlusOne = [2, 3, 4, 5];

describe("a ServingRuntime's flags", () => {
  it("serve the model that KServe has mounted, under the name of its InferenceService, with no code and no bento", async () => {
    const dir = mount({ "model.onnx": addOne });
    const server = await started(
      [entry, "--model_name=houses", `--model_dir=${dir}`, "--http_port=0", "--grpc_port=0"],
      { BENTO_SERVER_ADMIN_PORT: "0" },
    );
    expect(await predict(server.url, "houses", [row])).toEqual({ predictions: [rowPlusOne] });
    const client = grpcClient(
      server.grpcAddress,
      "tensorflow_serving/apis/prediction_service.proto",
      "tensorflow.serving.PredictionService",
    );
    const shape = { dim: [{ size: "1" }, { size: "4" }] };
    const x = { dtype: 1, tensor_shape: shape, float_val: row };
    const end = await client.call("Predict", [{ model_spec: { name: "houses" }, inputs: { x } }]);
    client.close();
    expect(end.messages[0]).toMatchObject({ outputs: { y: { tensor_shape: shape, float_val: rowPlusOne } } });
    expect(await (await fetch(`${server.url}/`)).json()).toEqual({ status: "alive" });
    expect(await (await fetch(`${server.url}/v1/models/houses`)).json()).toMatchObject({ name: "houses", ready: true });
  });

  it("are read by bento-ts serve as well", async () => {
    const dir = mount({ "1/model.onnx": identity, "2/model.onnx": addOne });
    const args = [bin, "serve", "--model_name", "houses", "--model_dir", dir, "--http_port", "0", "--grpc_port", "0"];
    const server = await started(args, { BENTO_SERVER_ADMIN_PORT: "0" });
    expect(await predict(server.url, "houses", [row])).toEqual({ predictions: [rowPlusOne] });
    expect(await predict(server.url, "houses/versions/2", [row])).toEqual({ predictions: [rowPlusOne] });
    const status = (await (await fetch(`${server.url}/v1/models/houses`)).json()) as {
      readonly model_version_status: readonly { readonly version: string }[];
    };
    expect(status.model_version_status.map(({ version }) => version)).toEqual(["2", "1"]);
  });

  it.each([
    ["bento-ts-server", [entry], /^bento-ts-server: Unknown option '--max_threads'.*--help\n$/],
    ["bento-ts serve", [bin, "serve"], /^error: unknown option '--max_threads=4'; see "bento-ts serve --help"\n$/],
  ])("that %s does not know end it with one sentence and exit code 2", async (_, command, sentence) => {
    const { code, stdout, stderr } = await run(process.execPath, [
      ...command,
      "--model_name=houses",
      "--max_threads=4",
    ]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });

  it("do not open the server: without the security keys an image refuses its configuration", async () => {
    const args = [entry, "--image", "--model_name=houses", `--model_dir=${mount({ "m.onnx": addOne })}`];
    const { code, stderr } = await run(process.execPath, args, { env: { STORAGE_URI: "/mnt/models" } });
    expect(code).toBe(78);
    expect(stderr).toContain("security.allowAnonymous");
    expect(stderr).toContain("security.allowInsecureConnections");
  });

  it.each([
    ["no folder", "/nowhere/models", "there is no /nowhere/models"],
    ["no model in it", `${root}docs`, "there is no model in "],
  ])("that name %s end the server with a sentence", async (_, dir, sentence) => {
    const { code, stderr } = await run(process.execPath, [entry, `--model_dir=${dir}`]);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
  });

  it("are missed where there is no bento either", async () => {
    const { code, stderr } = await run(process.execPath, [entry], { cwd: mount({}) });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bento-ts-server: nothing to serve: .* is no bento, .* no models are named by --model_dir/);
  });
});

describe("MLServer's variables alone", () => {
  it("set ports and name, and put the mounted model in the place of the service's own", async () => {
    const dir = mount({ "model.onnx": "examples/boston/models/bos_rf.onnx" });
    const server = await started([bin, "serve", "examples/boston"], {
      MLSERVER_HTTP_PORT: "0",
      MLSERVER_GRPC_PORT: "0",
      MLSERVER_METRICS_PORT: "0",
      MLSERVER_MODEL_NAME: "houses",
      MLSERVER_MODEL_URI: dir,
    });
    expect(server.output()).toContain(`is replaced by \\"${dir}/model.onnx\\"`);
    const { df } = JSON.parse(await readFile(`${root}examples/boston/examples/boston10.json`, "utf8")) as {
      readonly df: readonly unknown[];
    };
    const golden = JSON.parse(await readFile(`${root}examples/boston/examples/boston10.out.json`, "utf8")) as number[];
    const { predictions } = (await predict(server.url, "houses", df)) as { readonly predictions: readonly number[] };
    expect(predictions).toHaveLength(10);
    for (const [index, price] of predictions.entries())
      expect(Math.abs(price - (golden[index] ?? 0))).toBeLessThan(1e-3);
  });

  it("show the metrics of all workers on the REST port, where KServe's scraper looks", async () => {
    const server = await started([entry], {
      MLSERVER_HTTP_PORT: "0",
      MLSERVER_GRPC_PORT: "0",
      MLSERVER_METRICS_PORT: "0",
      MLSERVER_MODEL_URI: mount({ "m.onnx": addOne }),
      BENTO_SERVER_WORKERS: "2",
    });
    for (let call = 0; call < 5; call += 1) await predict(server.url, "predict", [row]);
    for (const url of [server.url, server.adminUrl]) {
      expect((await fetch(`${url}/metrics`)).headers.get("content-type")).toContain("text/plain; version=0.0.4");
      // A worker that has just started may not answer a first scrape in time.
      await expect
        .poll(async () => (await fetch(`${url}/metrics`)).text(), { timeout: 60_000 })
        .toMatch(/bento_requests_total\{[^}]*api="predict"[^}]*protocol="kserveV1"[^}]*\} 5/);
    }
  });
});

describe("KServe's variables", () => {
  it("are not there: then the REST port shows no metrics", async () => {
    const server = await started([bin, "serve", addOne, "--port", "0", "--admin-port", "0"]);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});
