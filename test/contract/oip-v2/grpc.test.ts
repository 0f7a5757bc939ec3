import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GrpcEnd, type GrpcTestClient, grpcClient } from "../../support/grpc-client.ts";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { Models } from "./models.ts";

let server: ListeningService;
let client: GrpcTestClient;

beforeAll(async () => {
  server = await listen(Models);
  client = grpcClient(server.grpcAddress, "open_inference.proto", "inference.GRPCInferenceService");
});

afterAll(async () => {
  client.close();
  await server.close();
});

async function ask(method: string, request: object = {}): Promise<object | undefined> {
  const { code, details, messages } = await client.call(method, [request]);
  expect([code, details]).toEqual([status.OK, ""]);
  return messages[0];
}

const fp32 = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

interface Outcome {
  readonly outputs: readonly { readonly contents?: Readonly<Record<string, readonly unknown[]>> }[];
  readonly raw_output_contents: readonly Buffer[];
}

/** Every field of a list that holds something. */
function contentsOf(outcome: object | undefined): unknown[] {
  return ((outcome as Outcome | undefined)?.outputs ?? []).map(({ contents = {} }) =>
    Object.fromEntries(Object.entries(contents).filter(([, list]) => list.length > 0)),
  );
}

describe("the Open Inference Protocol V2 over gRPC", () => {
  it("tells of the server and of models", async () => {
    expect(await ask("ServerLive")).toEqual({ live: true });
    expect(await ask("ServerReady")).toEqual({ ready: true });
    expect(await ask("ModelReady", { name: "sum", version: "1" })).toEqual({ ready: true });
    expect(await ask("ServerMetadata")).toEqual({
      name: "models",
      version: "3.1.4",
      extensions: ["binary_tensor_data", "model_configuration", "statistics"],
    });
    expect(await ask("ModelMetadata", { name: "sum" })).toEqual({
      name: "sum",
      versions: ["2", "1"],
      platform: "bento-ts",
      inputs: [{ name: "input", datatype: "FP32", shape: ["-1", "2"] }],
      outputs: [{ name: "output", datatype: "FP32", shape: ["-1"] }],
    });
    expect(await ask("ModelConfig", { name: "half" })).toEqual({
      config: {
        name: "half",
        platform: "bento-ts",
        backend: "bento-ts",
        // Numbers of the enum DataType: FP16 is 10.
        input: [{ name: "input", data_type: 10, dims: ["-1"] }],
        output: [{ name: "output", data_type: 10, dims: ["-1"] }],
      },
    });
  });

  it("says not ready while the server is not", async () => {
    const before = server.state.get();
    server.state.set({ ...before, ready: false });
    expect(await ask("ServerReady")).toEqual({});
    expect(await ask("ModelReady", { name: "sum" })).toEqual({});
    expect(await ask("ServerLive")).toEqual({ live: true });
    server.state.set(before);
  });

  it("mirrors raw contents with raw, typed with typed", async () => {
    const input = { name: "x", datatype: "FP32", shape: [2, 2] };
    const head = { model_name: "sum", model_version: "2", id: "7" };
    const output = { name: "output", datatype: "FP32", shape: ["2"] };
    const raw = await ask("ModelInfer", {
      model_name: "sum",
      id: "7",
      inputs: [input],
      raw_input_contents: [fp32(1, 2, 3, 4)],
    });
    expect(raw).toMatchObject({ ...head, outputs: [output], raw_output_contents: [fp32(6, 14)] });
    expect((raw as Outcome).outputs[0]).not.toHaveProperty("contents");
    const typed = await ask("ModelInfer", {
      model_name: "sum",
      model_version: "1",
      id: "7",
      inputs: [{ ...input, contents: { fp32_contents: [1, 2, 3, 4] } }],
    });
    expect(typed).toMatchObject({ ...head, model_version: "1", outputs: [output], raw_output_contents: [] });
    expect(contentsOf(typed)).toEqual([{ fp32_contents: [3, 7] }]);
  });

  it("carries every type both ways, in the outputs that are wanted and in their order", async () => {
    const typed = await ask("ModelInfer", {
      model_name: "any",
      inputs: [
        { name: "fp32", datatype: "FP32", shape: [1, 2], contents: { fp32_contents: [1.5, -2] } },
        { name: "int64", datatype: "INT64", shape: [2], contents: { int64_contents: ["9223372036854775807", "-1"] } },
        { name: "uint64", datatype: "UINT64", shape: [1], contents: { uint64_contents: ["18446744073709551615"] } },
        { name: "flag", datatype: "BOOL", shape: [], contents: { bool_contents: [true] } },
        {
          name: "words",
          datatype: "BYTES",
          shape: [2],
          contents: { bytes_contents: [Buffer.from("é"), Buffer.alloc(0)] },
        },
      ],
      outputs: [{ name: "words" }, { name: "flag" }, { name: "uint64" }, { name: "int64" }],
    });
    expect(contentsOf(typed)).toEqual([
      { bytes_contents: [Buffer.from("é"), Buffer.alloc(0)] },
      { bool_contents: [true] },
      { uint64_contents: ["18446744073709551615"] },
      { int64_contents: ["9223372036854775807", "-1"] },
    ]);
    const hex = ["0000c03f000000c0", "ffffffffffffff7f", "", "01", "02000000c3a900000000"];
    const raw = await ask("ModelInfer", {
      model_name: "any",
      inputs: [
        { name: "fp32", datatype: "FP32", shape: [1, 2] },
        { name: "int64", datatype: "INT64", shape: [1] },
        { name: "uint64", datatype: "UINT64", shape: [0] },
        { name: "flag", datatype: "BOOL", shape: [] },
        { name: "words", datatype: "BYTES", shape: [2] },
      ],
      raw_input_contents: hex.map((bytes) => Buffer.from(bytes, "hex")),
    });
    expect((raw as Outcome).raw_output_contents.map((bytes) => bytes.toString("hex"))).toEqual(hex);
  });

  it("answers half floats raw, always", async () => {
    const bits = Buffer.from("003c00c0", "hex");
    const reply = await ask("ModelInfer", {
      model_name: "half",
      inputs: [{ name: "x", datatype: "FP16", shape: [2] }],
      raw_input_contents: [bits],
    });
    expect((reply as Outcome).raw_output_contents).toEqual([bits]);
  });

  it("makes up an id where the request has none", async () => {
    const input = { name: "x", datatype: "FP32", shape: [0, 2], contents: {} };
    const reply = await ask("ModelInfer", { model_name: "models", inputs: [input] });
    expect(reply).toMatchObject({ model_name: "models", model_version: "2" });
    expect((reply as { id: string }).id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("answers content types with those of the reply", async () => {
    const reply = await ask("ModelInfer", {
      model_name: "shout",
      parameters: { content_type: { string_param: "str" } },
      inputs: [{ name: "t", datatype: "BYTES", shape: [1], contents: { bytes_contents: [Buffer.from("abc")] } }],
    });
    expect(reply).toMatchObject({
      parameters: { content_type: { string_param: "str" } },
      outputs: [{ shape: ["1", "1"], parameters: { content_type: { string_param: "str" } } }],
    });
    expect(contentsOf(reply)).toEqual([{ bytes_contents: [Buffer.from("ABC")] }]);
  });

  const x = { name: "x", datatype: "FP32", shape: [1, 2] };
  const contents = { fp32_contents: [1, 2] };
  it.each<[string, string, object, number, string]>([
    [
      "an unknown model",
      "ModelInfer",
      { model_name: "sun" },
      status.NOT_FOUND,
      'unknown model "sun", did you mean "sum"?',
    ],
    ["no model", "ModelInfer", {}, status.NOT_FOUND, 'unknown model ""'],
    [
      "an unknown version",
      "ModelInfer",
      { model_name: "sum", model_version: "9" },
      status.NOT_FOUND,
      'model "sum" has no version "9", it has 2, 1',
    ],
    ["metadata of an unknown model", "ModelMetadata", { name: "sun" }, status.NOT_FOUND, 'unknown model "sun"'],
    ["readiness of an unknown version", "ModelReady", { name: "sum", version: "9" }, status.NOT_FOUND, "it has 2, 1"],
    ["statistics of an unknown model", "ModelStatistics", { name: "sun" }, status.NOT_FOUND, 'unknown model "sun"'],
    [
      "both contents",
      "ModelInfer",
      { model_name: "sum", inputs: [{ ...x, contents }], raw_input_contents: [fp32(1, 2)] },
      status.INVALID_ARGUMENT,
      "/x: has contents beside raw_input_contents: send one of the two",
    ],
    [
      "too many bytes",
      "ModelInfer",
      { model_name: "sum", inputs: [x], raw_input_contents: [fp32(1, 2, 3)] },
      status.INVALID_ARGUMENT,
      "/x: expected 8 bytes for float32 of shape [1,2], got 12",
    ],
    [
      "too few elements",
      "ModelInfer",
      { model_name: "sum", inputs: [{ ...x, contents: { fp32_contents: [1] } }] },
      status.INVALID_ARGUMENT,
      "/x: shape [1,2] needs 2 elements, fp32_contents has 1",
    ],
    [
      "another datatype than the model's",
      "ModelInfer",
      { model_name: "sum", inputs: [{ ...x, datatype: "INT8" }], raw_input_contents: [Buffer.alloc(2)] },
      status.INVALID_ARGUMENT,
      "/x: expected float32 [-1,2], got int8 [1,2]",
    ],
    [
      "an unknown output",
      "ModelInfer",
      { model_name: "sum", inputs: [{ ...x, contents }], outputs: [{ name: "z" }] },
      status.INVALID_ARGUMENT,
      '/outputs/0: model "sum" has no output "z": it has "output"',
    ],
    [
      "more than the API's own limit",
      "ModelInfer",
      { model_name: "small", id: "i".repeat(400) },
      status.RESOURCE_EXHAUSTED,
      'the limit set by maxBodyBytes of API "small"',
    ],
  ])("refuses %s", async (_what, method, request, code, details) => {
    const end = await client.call(method, [request]);
    expect(end.details).toContain(details);
    expect(end.code).toBe(code);
    expect(end.messages).toEqual([]);
  });

  it("tells nothing of an author's own error", async () => {
    const end: GrpcEnd<object> = await client.call("ModelInfer", [
      { model_name: "fail", inputs: [{ ...x, contents }] },
    ]);
    expect(end.code).toBe(status.INTERNAL);
    expect(end.details).toMatch(/^the service failed; its log tells why under request id [0-9a-f-]{36}$/);
  });

  it("counts what models have done, over REST and gRPC alike, every count of a success at once", async () => {
    type Stats = { readonly count?: string; readonly ns?: string };
    type Row = {
      readonly version: string;
      readonly inference_count?: string;
      readonly last_inference?: string;
      readonly inference_stats: Readonly<Record<string, Stats>>;
    };
    const rows = async (): Promise<readonly Row[]> =>
      ((await ask("ModelStatistics", { name: "gaps" })) as { model_stats: readonly Row[] }).model_stats;
    const counts = ({ inference_stats: stats }: Row): unknown =>
      ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output"].map((name) =>
        Number(stats[name]?.count ?? 0),
      );
    expect((await rows()).map(counts)).toEqual([[0, 0, 0, 0, 0, 0]]);
    const gaps = { name: "x", datatype: "FP64", shape: [1], contents: { fp64_contents: [1] } };
    const startedMs = Date.now();
    await ask("ModelInfer", { model_name: "gaps", inputs: [gaps] });
    await ask("ModelInfer", { model_name: "gaps", inputs: [gaps] });
    await client.call("ModelInfer", [{ model_name: "gaps", inputs: [{ ...gaps, shape: [2] }] }]);
    const [row] = await rows();
    expect(row === undefined ? undefined : counts(row)).toEqual([2, 1, 2, 2, 2, 2]);
    expect(row).toMatchObject({ version: "1", inference_count: "2" });
    expect(Number(row?.last_inference)).toBeGreaterThanOrEqual(startedMs);
    const rest = await fetch(`${server.url}/v2/models/gaps/versions/1/stats`);
    const body = (await rest.json()) as { readonly model_stats: readonly object[] };
    expect(body.model_stats).toMatchObject([
      {
        name: "gaps",
        version: "1",
        inference_count: 2,
        execution_count: 2,
        batch_stats: [],
        memory_usage: [],
        response_stats: {},
      },
    ]);
    const all = (await (await fetch(`${server.url}/v2/models/stats`)).json()) as {
      readonly model_stats: readonly Row[];
    };
    expect(all.model_stats).toHaveLength(11);
  });
});
