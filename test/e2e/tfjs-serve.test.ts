import { cpSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { describeWith } from "../support/needs.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs } from "../support/run-command.ts";
import { root, serve } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const models = `${root}test/models/tfjs`;
const { servers, project } = useProjects();

interface Golden {
  readonly feeds: { readonly x: { readonly data: readonly string[] } };
  readonly results: { readonly probabilities: { readonly data: readonly string[] } };
}

const [golden] = JSON.parse(readFileSync(`${root}test/models/tensorflow/mlp.golden.json`, "utf8")) as [Golden];
const flat = golden.feeds.x.data.map(Number);
const rows = [0, 4, 8, 12, 16].map((at) => flat.slice(at, at + 4));
const wanted = golden.results.probabilities.data.map(Number);

describeWith("native tensorflow", "a TF.js model that is served", () => {
  it("answers without code over the native route, the Open Inference Protocol and gRPC as TensorFlow for Python does", async () => {
    const server = await serve(`${models}/mlp-graph/model.json`, { flags: ["--workers", "2", "--grpc-port", "0"] });
    servers.push(server);
    await expectGolden(server, "mlp-graph", "x");
    expect(await (await fetch(`${server.url}/v2/models/mlp-graph`)).json()).toMatchObject({
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      outputs: [{ name: "probabilities", datatype: "FP32", shape: [-1, 3] }],
    });
    expect(server.output()).not.toContain("WebAssembly");
  });

  it("answers from a folder beside a SavedModel and an ONNX model", async () => {
    const dir = project({});
    cpSync(`${models}/mlp-layers`, join(dir, "layers"), { recursive: true });
    cpSync(`${models}/lookup`, join(dir, "lookup"), { recursive: true });
    cpSync(`${root}test/models/tensorflow/mlp`, join(dir, "mlp"), { recursive: true });
    cpSync(`${root}test/models/add-one.onnx`, join(dir, "add-one.onnx"));
    const server = await serve(dir, { flags: ["--workers", "1"] });
    servers.push(server);
    const layers = await post<{ probabilities: number[][] }>(`${server.url}/layers`, { hidden_input: rows });
    expect(distance(layers.probabilities.flat(), wanted)).toBeLessThan(1e-6);
    const saved = await post<{ probabilities: number[][] }>(`${server.url}/mlp`, { x: rows });
    expect(distance(saved.probabilities.flat(), wanted)).toBeLessThan(1e-6);
    expect(await post(`${server.url}/lookup`, { text: ["green", "blue"] })).toEqual({ id: [2, -1] });
    expect(await post(`${server.url}/add_one`, { x: [[1, 2, 3, 4]] })).toEqual({ y: [[2, 3, 4, 5]] });
  });

  it("runs on a thread of its own where a class says so, and refuses a wrong feed with 400", async () => {
    const server = await serve(
      project({
        "service.ts": `import { api, service, tensor, tensorflow } from "@bento-ts/runtime";
@service({ name: "mlp", version: "1.0.0" })
export class Mlp {
  mlp = tensorflow(${JSON.stringify(`${models}/mlp-graph`)}, { outputs: { probabilities: "float32" }, run: "thread" });
  @api({ input: tensor("float32", [null, null]), output: tensor("float32", [null, 3]) })
  async predict(x) { return (await this.mlp.run({ x })).probabilities; }
}`,
      }),
      { flags: ["--workers", "1"] },
    );
    servers.push(server);
    expect(distance((await post<number[][]>(`${server.url}/predict`, rows)).flat(), wanted)).toBeLessThan(1e-6);
    expect(await (await fetch(`${server.adminUrl}/readyz?verbose`)).text()).toContain('"place":"thread"');
    const refused = await send(`${server.url}/predict`, [[1, 2, 3]]);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/expected float32 \[.*,4\]/)]);
    expect(await post(`${server.url}/predict`, [[1, 2, 3, 4]])).toHaveLength(1);
  });
});

describe("a TF.js model where the native TensorFlow is not installed", () => {
  it("answers by WebAssembly, with one warning that names the cost", async () => {
    const dir = project({});
    for (const name of ["mlp-graph", "mlp-layers"]) cpSync(`${models}/${name}`, join(dir, name), { recursive: true });
    const env = { BENTO_HOME: project({}) };
    const server = await serve(dir, { flags: ["--workers", "2", "--grpc-port", "0"], env });
    servers.push(server);
    const graph = await post<{ probabilities: number[][] }>(`${server.url}/mlp_graph`, { x: rows });
    expect(distance(graph.probabilities.flat(), wanted)).toBeLessThan(1e-6);
    const warnings = server
      .output()
      .split("\n")
      .filter((line) => line.includes("WebAssembly"));
    expect(warnings).toEqual([
      expect.stringMatching(
        /TF\.js models are computed by WebAssembly.*times as long; run .*bento-ts tensorflow install/,
      ),
    ]);
  });
});

describe("a TF.js model that can't be served ends the start with one sentence", () => {
  it.each<readonly [string, (dir: string) => void, RegExp]>([
    [
      "a model.json that was cut",
      (dir) => truncateSync(join(dir, "model.json"), 700),
      /"mlp-graph\/model\.json" is not a readable TF\.js model: expected JSON, got a text that is cut/,
    ],
    [
      "JSON of something else",
      (dir) => writeFileSync(join(dir, "model.json"), "{}"),
      /"mlp-graph\/model\.json" is not a readable TF\.js model: expected the keys/,
    ],
    [
      "a shard that was cut",
      (dir) => truncateSync(join(dir, "group1-shard2of2.bin"), 9),
      /"mlp-graph\/model\.json" lacks weights: they take 268 bytes, .* have 110; copy the whole folder again/,
    ],
    [
      "an operation that nobody knows",
      (dir) => {
        const path = join(dir, "model.json");
        writeFileSync(path, readFileSync(path, "utf8").replace('"Softmax"', '"Softmaz"'));
      },
      /TensorFlow\.js 4\.22\.0 can't load "mlp-graph": it has no operation Softmaz/,
    ],
  ])("%s", async (_name, change, sentence) => {
    const dir = join(project({}), "mlp-graph");
    cpSync(`${models}/mlp-graph`, dir, { recursive: true });
    change(dir);
    const { code, stderr } = await bentoTs(["serve", dir, "--port", "0", "--admin-port", "0", "--workers", "1"]);
    const lines = stderr
      .trim()
      .split("\n")
      .filter((line) => !line.includes("WebAssembly"));
    expect({ code, lines: lines.length }).toEqual({ code: 1, lines: 1 });
    expect(stderr).toMatch(sentence);
  });
});

async function expectGolden(
  server: { readonly url: string; readonly grpcAddress: string },
  model: string,
  name: string,
): Promise<void> {
  const native = await post<{ probabilities: number[][] }>(`${server.url}/predict`, { [name]: rows });
  expect(distance(native.probabilities.flat(), wanted)).toBeLessThan(1e-6);
  const input = { name, datatype: "FP32", shape: [5, 4] };
  const v2 = await post<{ outputs: { data: number[] }[] }>(`${server.url}/v2/models/${model}/infer`, {
    inputs: [{ ...input, data: flat }],
  });
  expect(distance(v2.outputs[0]?.data ?? [], wanted)).toBeLessThan(1e-6);
  const client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
  const request = {
    model_name: model,
    inputs: [input],
    raw_input_contents: [Buffer.from(Float32Array.from(flat).buffer)],
  };
  const { messages } = await client.call<{ raw_output_contents: Buffer[] }>("ModelInfer", [request]);
  client.close();
  const raw = new Uint8Array(messages[0]?.raw_output_contents[0] ?? []);
  expect(distance([...new Float32Array(raw.buffer)], wanted)).toBeLessThan(1e-6);
}

function send(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const answer = await send(url, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

function distance(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(...got.map((value, at) => Math.abs(value - (expected[at] ?? Number.NaN))));
}
