import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { describeWith } from "../support/needs.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs } from "../support/run-command.ts";
import { root, serve } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const models = `${root}test/models/tensorflow`;
const { servers, project } = useProjects();

describeWith("native tensorflow", "a SavedModel that is served", () => {
  it("answers without code over the native route, KServe V1 and the Open Inference Protocol as TensorFlow for Python does", async () => {
    const server = await serve(`${models}/mlp`, { flags: ["--workers", "2", "--grpc-port", "0"] });
    servers.push(server);
    const [golden] = JSON.parse(await readFile(`${models}/mlp.golden.json`, "utf8")) as readonly Golden[];
    const flat = (golden?.feeds["x"]?.data ?? []).map(Number);
    const rows = [0, 4, 8, 12, 16].map((at) => flat.slice(at, at + 4));
    const wanted = (golden?.results["probabilities"]?.data ?? []).map(Number);

    const native = await post<{ probabilities: number[][] }>(`${server.url}/predict`, { x: rows });
    expect(distance(native.probabilities.flat(), wanted)).toBeLessThan(1e-6);
    const v1 = await post<{ predictions: number[][] }>(`${server.url}/v1/models/mlp:predict`, { instances: rows });
    expect(distance(v1.predictions.flat(), wanted)).toBeLessThan(1e-6);
    const input = { name: "x", datatype: "FP32", shape: [5, 4] };
    const v2 = await post<{ outputs: { data: number[] }[] }>(`${server.url}/v2/models/mlp/infer`, {
      inputs: [{ ...input, data: flat }],
    });
    expect(distance(v2.outputs[0]?.data ?? [], wanted)).toBeLessThan(1e-6);
    const client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
    const request = {
      model_name: "mlp",
      inputs: [input],
      raw_input_contents: [Buffer.from(Float32Array.from(flat).buffer)],
    };
    const { messages } = await client.call<{ raw_output_contents: Buffer[] }>("ModelInfer", [request]);
    client.close();
    const raw = new Uint8Array(messages[0]?.raw_output_contents[0] ?? []);
    expect(distance([...new Float32Array(raw.buffer)], wanted)).toBeLessThan(1e-6);

    expect(await (await fetch(`${server.url}/v2/models/mlp`)).json()).toEqual({
      name: "mlp",
      versions: ["1"],
      platform: "tensorflow_savedmodel",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      outputs: [{ name: "probabilities", datatype: "FP32", shape: [-1, 3] }],
    });
  });

  it("answers beside an ONNX model, over TensorFlow Serving and Seldon as well", async () => {
    const dir = project({});
    cpSync(`${models}/mlp`, join(dir, "mlp"), { recursive: true });
    cpSync(`${root}test/models/add-one.onnx`, join(dir, "add-one.onnx"));
    const server = await serve(dir, { flags: ["--workers", "1", "--grpc-port", "0"] });
    servers.push(server);
    const [golden] = JSON.parse(await readFile(`${models}/mlp.golden.json`, "utf8")) as readonly Golden[];
    const row = (golden?.feeds["x"]?.data ?? []).slice(0, 4).map(Number);
    const wanted = (golden?.results["probabilities"]?.data ?? []).slice(0, 3).map(Number);

    const client = grpcClient(
      server.grpcAddress,
      "tensorflow_serving/apis/prediction_service.proto",
      "tensorflow.serving.PredictionService",
    );
    const shape = { dim: [{ size: "1" }, { size: "4" }] };
    const inputs = { x: { dtype: 1, tensor_shape: shape, float_val: row } };
    const { messages } = await client.call<ServingAnswer>("Predict", [{ model_spec: { name: "mlp" }, inputs }]);
    client.close();
    expect(distance(messages[0]?.outputs.probabilities.float_val ?? [], wanted)).toBeLessThan(1e-6);
    const added = await post<{ y: number[][] }>(`${server.url}/add_one`, { x: [[1, 2, 3, 4]] });
    expect(added.y).toEqual([[2, 3, 4, 5]]);

    const alone = await serve(join(dir, "mlp/saved_model.pb"), { flags: ["--workers", "1"] });
    servers.push(alone);
    const seldon = await post<{ data: { ndarray: number[][] } }>(`${alone.url}/api/v1.0/predictions`, {
      data: { ndarray: [row] },
    });
    expect(distance(seldon.data.ndarray.flat(), wanted)).toBeLessThan(1e-6);
    expect(await (await fetch(`${alone.url}/v1/models/mlp`)).json()).toMatchObject({ name: "mlp", ready: true });
  });

  it("takes texts and gives exact int64 in a class that chose a signature, on a thread of its own", async () => {
    const server = await serve(
      project({
        "service.ts": `import { api, service, tensor, tensorflow } from "@bento-ts/runtime";
const words = tensor("string", [null]);
const ids = tensor("int64", [null]);
@service({ name: "words", version: "1.0.0" })
export class Words {
  table = tensorflow(${JSON.stringify(`${models}/kinds`)}, { signature: "lookup", outputs: { id: "int64" }, run: "thread" });
  @api({ input: words, output: ids })
  async lookup(text) { return (await this.table.run({ text })).id; }
}`,
      }),
      { flags: ["--workers", "1"] },
    );
    servers.push(server);
    const data = ["red", "größer", "nobody"];
    const body = { inputs: [{ name: "input", datatype: "BYTES", shape: [3], data }] };
    const answer = await send(`${server.url}/v2/models/lookup/infer`, body);
    // As text: a JSON reader would round the second number.
    expect(await answer.text()).toContain("[1,-9007199254740993,-1]");
    expect(await (await fetch(`${server.adminUrl}/readyz?verbose`)).text()).toContain('"place":"thread"');
  });

  it("refuses a wrong feed with 400, says what was expected, and answers the next call", async () => {
    const server = await serve(`${models}/mlp`, { flags: ["--workers", "1"] });
    servers.push(server);
    for (const [body, message] of [
      [{ x: [[1, 2, 3]] }, /x.*4/],
      [{ y: [[1, 2, 3, 4]] }, /"?x"?/],
      [{ x: [["a", "b", "c", "d"]] }, /number/],
    ] as const) {
      const refused = await send(`${server.url}/predict`, body);
      expect(refused.status).toBe(400);
      expect(await refused.text()).toMatch(message);
    }
    expect(await post(`${server.url}/predict`, { x: [[1, 2, 3, 4]] })).toHaveProperty("probabilities");
  });
});

describeWith("native tensorflow", "a SavedModel that can't be served ends the start with one sentence", () => {
  const broken = (change: (dir: string) => void): string => {
    const dir = join(project({}), "mlp");
    cpSync(`${models}/mlp`, dir, { recursive: true });
    change(dir);
    return dir;
  };
  const start = (target: string): Promise<{ readonly code: number | null; readonly stderr: string }> =>
    bentoTs(["serve", target, "--port", "0", "--admin-port", "0", "--workers", "1"]);

  it.each<readonly [string, (dir: string) => void, RegExp]>([
    [
      "a saved_model.pb that was cut",
      (dir) =>
        writeFileSync(join(dir, "saved_model.pb"), readFileSync(`${models}/mlp/saved_model.pb`).subarray(0, 9000)),
      /"mlp\/saved_model\.pb" is not a readable SavedModel: at byte \d+: /,
    ],
    [
      "no variables",
      (dir) => rmSync(join(dir, "variables"), { recursive: true }),
      /the SavedModel "mlp" lacks values of its variables: expected variables\.index in its folder variables; copy the whole folder/,
    ],
    [
      "variables that were cut",
      (dir) => writeFileSync(join(dir, "variables/variables.data-00000-of-00001"), ""),
      /TensorFlow 2\.15\.1 can't load "mlp": /,
    ],
    [
      "an operation that the library does not know",
      (dir) => {
        const path = join(dir, "saved_model.pb");
        writeFileSync(
          path,
          Buffer.from(readFileSync(path).toString("latin1").replaceAll("Softmax", "Softmaz"), "latin1"),
        );
      },
      /TensorFlow 2\.15\.1 can't load "mlp": .*Op type not registered 'Softmaz'/,
    ],
  ])("%s", async (_name, change, sentence) => {
    const { code, stderr } = await start(broken(change));
    expect({ code, lines: stderr.trim().split("\n").length }).toEqual({ code: 1, lines: 1 });
    expect(stderr).toMatch(sentence);
  });

  it("several signatures of which none is the usual one", async () => {
    const { code, stderr } = await start(`${models}/kinds`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: kinds: expected one signature or "serving_default" among several.*"lookup" \(takes text: string/,
    );
  });

  it("a library that is not there, with the command that brings it", async () => {
    const { code, stderr } = await bentoTs(["serve", `${models}/mlp`, "--port", "0", "--admin-port", "0"], {
      env: { BENTO_HOME: project({}) },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/the SavedModel "mlp" needs the native TensorFlow, .*: run "bento-ts tensorflow install"/);
  });
});

interface Golden {
  readonly feeds: Readonly<Record<string, { readonly data: readonly string[] }>>;
  readonly results: Readonly<Record<string, { readonly data: readonly string[] }>>;
}

interface ServingAnswer {
  readonly outputs: { readonly probabilities: { readonly float_val: readonly number[] } };
}

function send(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const answer = await send(url, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

function distance(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return Math.max(...got.map((value, at) => Math.abs(value - (wanted[at] ?? Number.NaN))));
}
