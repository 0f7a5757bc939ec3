import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bentoTs } from "../support/cli.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

// One service, ten rows, every protocol: the numbers are scikit-learn's (examples/boston/examples/boston10.out.json), whoever asks.
type Records = readonly Readonly<Record<string, number>>[];

const folder = join(root, "examples/boston");
let dir = "";
let server: ServerProcess;
let records: Records;
let expected: readonly number[];

beforeAll(async () => {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, "examples", name), "utf8"));
  records = ((await read("boston10.json")) as { df: Records }).df;
  expected = (await read("boston10.out.json")) as readonly number[];
  dir = await mkdtemp(join(tmpdir(), "bento-boston-"));
  await bentoTs(["proto", folder, "-o", join(dir, "boston.proto")]);
  server = await serve(folder, { flags: ["--workers", "1"] });
});

afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

it("gives the same numbers through every protocol", async () => {
  const got: [name: string, values: readonly number[]][] = [];
  for (const [name, ask] of Object.entries(ASK)) got.push([name, await ask()]);
  const rows = got.map(
    ([name, values]) =>
      `${name.padEnd(24)}${values
        .slice(0, 4)
        .map((value) => value.toFixed(4).padStart(10))
        .join("")}  …  ${worst(values).toExponential(1)}`,
  );
  process.stdout.write(
    `${"protocol".padEnd(24)}  first four of ten prices${" ".repeat(18)}largest difference\n${rows.join("\n")}\n`,
  );
  for (const [name, values] of got) {
    expect(values, name).toHaveLength(10);
    expect(worst(values), name).toBeLessThan(1e-3);
  }
});

function worst(values: readonly number[]): number {
  return Math.max(...expected.map((value, row) => Math.abs(value - (values[row] ?? NaN))));
}

const columns = (): [name: string, values: number[]][] =>
  Object.keys(records[0] ?? {}).map((name) => [name, records.map((record) => record[name] ?? NaN)]);
const matrix = (): number[][] => records.map((record) => Object.values(record));

const ASK: Readonly<Record<string, () => Promise<readonly number[]>>> = {
  "native REST": async () => numbers(await post("/score", { df: records })),
  "native gRPC": () =>
    grpc(join(dir, "boston.proto"), "bento.boston.v1.Boston/Score", Object.fromEntries(columns()), allNumbers),
  "V2 REST, JSON": async () => {
    const inputs = columns().map(([name, data]) => ({ name, shape: [10], datatype: "FP64", data }));
    return numbers(JSON.parse(String(at(await post("/v2/models/score/infer", { inputs }), "outputs", 0, "data", 0))));
  },
  "V2 REST, binary": v2Binary,
  "V2 gRPC": () =>
    grpc(
      "open_inference.proto",
      "inference.GRPCInferenceService/ModelInfer",
      {
        model_name: "boston",
        inputs: columns().map(([name, data]) => ({
          name,
          shape: [10],
          datatype: "FP64",
          contents: { fp64_contents: data },
        })),
      },
      (reply) => numbers(JSON.parse(String(at(reply, "outputs", 0, "contents", "bytes_contents", 0)))),
    ),
  "KServe V1": async () => numbers(at(await post("/v1/models/score:predict", { instances: records }), "predictions")),
  "TF Serving, rows": async () =>
    numbers(
      at(
        await post("/v1/models/boston/versions/1:predict", { signature_name: "serving_default", instances: records }),
        "predictions",
      ),
    ),
  "TF Serving, columns": async () =>
    numbers(at(await post("/v1/models/score:predict", { inputs: Object.fromEntries(columns()) }), "outputs")),
  "TF Serving gRPC": () =>
    grpc(
      "tensorflow_serving/apis/prediction_service.proto",
      "tensorflow.serving.PredictionService/Predict",
      {
        model_spec: { name: "score" },
        inputs: Object.fromEntries(
          columns().map(([name, data]) => [
            name,
            { dtype: "DT_DOUBLE", tensor_shape: { dim: [{ size: 10 }] }, double_val: data },
          ]),
        ),
      },
      (reply) => numbers(JSON.parse(String(at(reply, "outputs", "output", "string_val", 0)))),
    ),
  "Seldon REST, tensor": () => seldon({ data: { tensor: { shape: [10, 13], values: matrix().flat() } } }),
  "Seldon REST, ndarray": () => seldon({ data: { names: columns().map(([name]) => name), ndarray: matrix() } }),
  "Seldon REST, jsonData": () => seldon({ jsonData: { df: records } }),
  "Seldon REST, form": async () => {
    const body = new URLSearchParams({ json: JSON.stringify({ data: { ndarray: matrix() } }) });
    const reply = await fetch(`${server.url}/predict`, { method: "POST", body });
    return seldonNumbers(await reply.json());
  },
  "Seldon gRPC": () =>
    grpc(
      "seldon.proto",
      "seldon.protos.Model/Predict",
      { data: { tensor: { shape: [10, 13], values: matrix().flat() } } },
      seldonNumbers,
    ),
};

async function v2Binary(): Promise<readonly number[]> {
  const data = columns().map(([name, values]) => ({ name, bytes: Buffer.from(Float64Array.from(values).buffer) }));
  const head = Buffer.from(
    JSON.stringify({
      inputs: data.map(({ name, bytes }) => ({
        name,
        shape: [10],
        datatype: "FP64",
        parameters: { binary_data_size: bytes.length },
      })),
      parameters: { binary_data_output: true },
    }),
  );
  const reply = await fetch(`${server.url}/v2/models/score/infer`, {
    method: "POST",
    headers: { "inference-header-content-length": String(head.length) },
    body: Buffer.concat([head, ...data.map(({ bytes }) => bytes)]),
  });
  const bytes = Buffer.from(await reply.arrayBuffer());
  // BYTES: each element is a length of four bytes and the text.
  return numbers(JSON.parse(bytes.toString("utf8", Number(reply.headers.get("inference-header-content-length")) + 4)));
}

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return (await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

async function seldon(message: unknown): Promise<readonly number[]> {
  return seldonNumbers(await post("/api/v1.0/predictions", message));
}

/** The numbers of a SeldonMessage, in whichever kind it came. */
function seldonNumbers(reply: unknown): readonly number[] {
  return numbers(at(reply, "data", "ndarray") ?? at(reply, "data", "tensor", "values") ?? at(reply, "jsonData"));
}

async function grpc(
  protoFile: string,
  method: string,
  request: object,
  read: (reply: unknown) => readonly number[],
): Promise<readonly number[]> {
  const [service = "", name = ""] = method.split("/");
  const client = grpcClient(server.grpcAddress, protoFile, service);
  const { code, details, messages } = await client.call(name, [request]);
  client.close();
  if (code !== 0) throw new Error(`${method}: ${code} ${details}`);
  return read(messages[0]);
}

/** The one list of numbers in a reply, whatever its field is called. */
function allNumbers(reply: unknown): readonly number[] {
  return numbers(Object.values(reply ?? {}).find(Array.isArray));
}

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.flat(Infinity).map(Number) : [];
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
