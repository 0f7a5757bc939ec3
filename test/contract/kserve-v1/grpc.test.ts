import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GrpcEnd, type GrpcTestClient, grpcClient } from "../../support/grpc-client.ts";
import { listen, type ListeningService } from "../../support/listening-service.ts";
import { root } from "../../support/server-process.ts";
import { Shop } from "./models.ts";

const SERVICE = "tensorflow.serving.PredictionService";

let server: ListeningService;
let predictions: GrpcTestClient;
let models: GrpcTestClient;
let raw: Client;

beforeAll(async () => {
  server = await listen(Shop, { config: { server: { limits: { grpc: "64KiB" } } } });
  predictions = grpcClient(server.grpcAddress, "tensorflow_serving/apis/prediction_service.proto", SERVICE);
  models = grpcClient(
    server.grpcAddress,
    "tensorflow_serving/apis/model_service.proto",
    "tensorflow.serving.ModelService",
  );
  raw = new Client(server.grpcAddress, credentials.createInsecure());
});

afterAll(async () => {
  for (const client of [predictions, models, raw]) client.close();
  await server.close();
});

// Numbers of tensorflow.DataType.
const DT = { float: 1, double: 2, int32: 3, uint8: 4, string: 7, int64: 9 } as const;

type Proto = Readonly<Record<string, unknown>>;

const shape = (...sizes: number[]): Proto => ({ dim: sizes.map((size) => ({ size: String(size) })) });
const texts = (...values: string[]): Buffer[] => values.map((value) => Buffer.from(value));
const bytesOf = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
const spec = (name: string, more: Proto = {}): Proto => ({ name, ...more });

function predict(model: Proto, inputs: Proto, more: Proto = {}): Promise<GrpcEnd<Proto>> {
  return predictions.call<Proto>("Predict", [{ model_spec: model, inputs, ...more }]);
}

/** The outputs of a call that must succeed, each with its list of values. */
async function outputs(model: Proto, inputs: Proto, more: Proto = {}): Promise<Proto> {
  const { code, details, messages } = await predict(model, inputs, more);
  expect([code, details]).toEqual([status.OK, ""]);
  return messages[0]?.["outputs"] as Proto;
}

const house = {
  rooms: { dtype: DT.double, tensor_shape: shape(2), double_val: [3, 1] },
  town: { dtype: DT.string, tensor_shape: shape(2), string_val: texts("Bonn", "Ulm") },
};
const json = (value: unknown): Proto => ({
  dtype: DT.string,
  tensor_shape: shape(1),
  string_val: texts(JSON.stringify(value)),
});

describe("Predict", () => {
  it("takes a data frame by column, lists or content, and answers JSON as one text", async () => {
    const expected = { dtype: DT.string, tensor_shape: shape(1), string_val: texts("[7,4]") };
    expect(await outputs(spec("score"), house)).toMatchObject({ output: expected });
    const content = { ...house, rooms: { dtype: DT.float, tensor_shape: shape(2, 1), tensor_content: bytesOf(3, 1) } };
    expect(await outputs(spec("score"), content)).toMatchObject({ output: expected });
  });

  it("answers the columns of a data frame as tensors", async () => {
    expect(await outputs(spec("priced"), house)).toMatchObject({
      price: { dtype: DT.double, tensor_shape: shape(2), double_val: [3, 1] },
      note_bytes: { dtype: DT.string, tensor_shape: shape(2), string_val: texts("Bonn", "Ulm") },
    });
  });

  it("fills a shape with one value, and takes a tensor under any name", async () => {
    const input = { dtype: DT.float, tensor_shape: shape(2, 2), float_val: [0.5] };
    expect(await outputs(spec("matrix"), { anything: input })).toMatchObject({
      output: { dtype: DT.float, tensor_shape: shape(2, 2), float_val: [0.5, 0.5, 0.5, 0.5] },
    });
  });

  it("keeps every digit of 64-bit numbers", async () => {
    const value = { dtype: DT.int64, tensor_shape: shape(2), int64_val: ["9007199254740993", "-9223372036854775808"] };
    expect(await outputs(spec("only"), { x: value })).toMatchObject({ y: value });
  });

  it("reads other inputs from a text: JSON, the text itself, base64", async () => {
    const text = (value: string): Proto => ({ input: { dtype: DT.string, string_val: texts(value) } });
    const answer = { output: { dtype: DT.string } };
    expect(await outputs(spec("person"), { input: json({ name: "Ann" }) })).toMatchObject({
      output: { string_val: texts('{"hello":"Ann"}') },
    });
    expect(await outputs(spec("shout"), text("hey"))).toMatchObject({ output: { string_val: texts("HEY") } });
    expect(await outputs(spec("reverse"), text("YWJj"))).toMatchObject({ output: { string_val: texts("Y2Jh") } });
    expect(await outputs(spec("size"), text("YWJj"))).toMatchObject(answer);
  });

  it("takes the bytes of a picture or file as TensorFlow's clients send them: as a text that is none", async () => {
    const png = Buffer.from("89504e470d0a1a0a", "hex");
    const input = { dtype: DT.string, tensor_shape: shape(1), string_val: [png] };
    expect(await outputs(spec("size"), { image_bytes: input })).toMatchObject({ output: { string_val: texts("8") } });
    const list = { dtype: DT.uint8, tensor_shape: shape(8), tensor_content: png };
    expect(await outputs(spec("size"), { image_bytes: list })).toMatchObject({ output: { string_val: texts("8") } });
  });

  it("answers with the model's name as it was asked for, and the version that answered", async () => {
    const end = await predict(spec("shop"), house);
    expect(end.messages[0]).toMatchObject({
      model_spec: { name: "shop", version: { value: "1" }, signature_name: "serving_default" },
    });
  });

  it("calls the highest version, the one that is named, or that with a label", async () => {
    const answers = async (more: Proto): Promise<unknown> =>
      (await outputs(spec("twice", more), { input: json(1) }))["output"];
    expect(await answers({})).toMatchObject({ string_val: texts('"two"') });
    expect(await answers({ version: { value: "1" } })).toMatchObject({ string_val: texts('"one"') });
    expect(await answers({ version_label: "stable" })).toMatchObject({ string_val: texts('"two"') });
    expect(await answers({ signature_name: "serving_default" })).toMatchObject({ string_val: texts('"two"') });
  });

  it("gives the outputs that are wanted, in their order", async () => {
    const inputs = {
      a: { dtype: DT.float, tensor_shape: shape(1), float_val: [2] },
      b: { dtype: DT.string, tensor_shape: shape(1, 2), string_val: texts("x", "y") },
    };
    expect(Object.keys(await outputs(spec("pair"), inputs))).toEqual(["sum", "text_bytes"]);
    const one = await outputs(spec("pair"), inputs, { output_filter: ["sum"] });
    expect(one).toMatchObject({ sum: { float_val: [4] } });
    expect(Object.keys(one)).toEqual(["sum"]);
    expect(Object.keys(await outputs(spec("pair"), inputs, { output_filter: ["text_bytes", "sum"] }))).toEqual([
      "text_bytes",
      "sum",
    ]);
  });

  const bad = (tensor: Proto): Proto => ({ x: tensor });
  it.each<[string, Proto, Proto, Proto, number, string]>([
    ["an unknown model", spec("nobody"), {}, {}, status.NOT_FOUND, 'unknown model "nobody"'],
    ["no model", {}, {}, {}, status.NOT_FOUND, 'unknown model ""'],
    ["an unknown version", spec("twice", { version: { value: "3" } }), {}, {}, status.NOT_FOUND, 'no version "3"'],
    ["version 0", spec("twice", { version: {} }), {}, {}, status.NOT_FOUND, 'no version "0"'],
    ["an unknown label", spec("twice", { version_label: "canary" }), {}, {}, status.NOT_FOUND, "it has stable, latest"],
    [
      "an unknown signature",
      spec("score", { signature_name: "other" }),
      house,
      {},
      status.INVALID_ARGUMENT,
      "serving_default",
    ],
    ["an unknown output", spec("pair"), {}, { output_filter: ["sun"] }, status.INVALID_ARGUMENT, 'did you mean "sum"?'],
    [
      "an output twice",
      spec("pair"),
      {},
      { output_filter: ["sum", "sum"] },
      status.INVALID_ARGUMENT,
      "asked for twice",
    ],
    [
      "another type",
      spec("matrix"),
      bad({ dtype: DT.int32, tensor_shape: shape(1, 2), int_val: [1] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected float32 [-1,2], got int32 [1,2]",
    ],
    [
      "another shape",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(2), float_val: [1] }),
      {},
      status.INVALID_ARGUMENT,
      "got float32 [2]",
    ],
    [
      "too many values",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(1, 2), float_val: [1, 2, 3] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected 1 to 2 values in float_val",
    ],
    [
      "content of another length",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(1, 2), tensor_content: bytesOf(1) }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected 8 bytes",
    ],
    [
      "NaN where the API takes none",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(1, 2), float_val: [Number.NaN] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected finite numbers",
    ],
    [
      "a shape that one value is to fill past the limit",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(1_000_000, 2), float_val: [1] }),
      {},
      status.RESOURCE_EXHAUSTED,
      "server.limits.grpc",
    ],
    [
      "a message past the limit",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(10_000, 2), tensor_content: Buffer.alloc(80_000) }),
      {},
      status.RESOURCE_EXHAUSTED,
      "server.limits.grpc",
    ],
    [
      "values in the content and in a list",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(1, 2), tensor_content: bytesOf(1, 2), float_val: [1, 2] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected values in tensor_content or in a list, got tensor_content and float_val",
    ],
    [
      "a size below zero",
      spec("matrix"),
      bad({ dtype: DT.float, tensor_shape: shape(-1, 2), float_val: [1] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: ",
    ],
    [
      "a number of no type",
      spec("matrix"),
      bad({ dtype: 99, tensor_shape: shape(1, 2), float_val: [1] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected a dtype of",
    ],
    ["a missing column", spec("score"), { rooms: house.rooms }, {}, status.INVALID_ARGUMENT, "town"],
    [
      "text that is not UTF-8 where text is wanted",
      spec("shout"),
      bad({ dtype: DT.string, string_val: [Buffer.of(0xff)] }),
      {},
      status.INVALID_ARGUMENT,
      "/x: expected UTF-8 text",
    ],
    [
      "a failing service",
      spec("fail"),
      { input: json("x") },
      {},
      status.INTERNAL,
      "its log tells why under request id",
    ],
  ])("refuses %s", async (_, model, inputs, more, code, details) => {
    const end = await predict(model, inputs, more);
    expect([end.code, end.details]).toEqual([code, expect.stringContaining(details)]);
  });

  it("refuses bytes that are no message, cut anywhere, and answers the next call", async () => {
    const whole = encodeRequest({ model_spec: { name: "score" }, inputs: house });
    expect((await sendBytes("Predict", whole))?.code).toBeUndefined();
    const codes = new Set<number | undefined>();
    for (let length = 1; length < whole.length; length += 1)
      codes.add((await sendBytes("Predict", whole.subarray(0, length)))?.code);
    codes.add((await sendBytes("Predict", Buffer.alloc(50, 0xff)))?.code);
    // Cut behind an input the rest is a message, which lacks a column.
    expect([...codes]).toEqual([status.INVALID_ARGUMENT]);
    expect((await predict(spec("score"), house)).code).toBe(status.OK);
  });

  it("skips unknown fields however deep they are nested, and refuses those that have no end", async () => {
    const depth = 20_000;
    // Field 15 as a group: its start and its end are one byte each.
    const [starts, ends] = [Buffer.alloc(depth, 0x7b), Buffer.alloc(depth, 0x7c)];
    const request = encodeRequest({ model_spec: { name: "score" }, inputs: house });
    const reply = await answerTo("Predict", Buffer.concat([starts, ends, request]));
    expect(decodeReply(reply)).toMatchObject({ modelSpec: { name: "score" } });
    expect((await sendBytes("Predict", Buffer.concat([request, starts])))?.code).toBe(status.INVALID_ARGUMENT);
  });

  it("joins a tensor that comes in two pieces, and takes the last of two entries with one name", async () => {
    const piece = (value: Proto): Proto => ({ model_spec: { name: "matrix" }, inputs: { x: value } });
    const first = encodeRequest(piece({ dtype: DT.float, tensor_shape: shape(1, 2), float_val: [1, 2] }));
    const second = encodeRequest(piece({ dtype: DT.float, tensor_shape: shape(1, 2), float_val: [3, 4] }));
    const reply = await answerTo("Predict", Buffer.concat([first, second]));
    expect(decodeReply(reply)).toMatchObject({ outputs: { output: { floatVal: [3, 4] } } });
  });
});

describe("what is told", () => {
  it("the signature of a model, as a message in an Any", async () => {
    const { code, messages } = await predictions.call<{
      readonly metadata: Readonly<Record<string, { type_url: string; value: Buffer }>>;
    }>("GetModelMetadata", [{ model_spec: { name: "pair" }, metadata_field: ["signature_def"] }]);
    expect(code).toBe(status.OK);
    expect(messages[0]).toMatchObject({ model_spec: { name: "pair", version: { value: "1" } } });
    const any = messages[0]?.metadata["signature_def"];
    expect(any?.type_url).toBe("type.googleapis.com/tensorflow.serving.SignatureDefMap");
    const type = protos.lookupType("tensorflow.serving.SignatureDefMap");
    const info = (name: string, dtype: string, ...sizes: number[]): Proto => ({
      name: `${name}:0`,
      dtype,
      tensorShape: shape(...sizes),
    });
    expect(type.toObject(type.decode(any?.value ?? Buffer.alloc(0)), { longs: String, enums: String })).toEqual({
      signatureDef: {
        serving_default: {
          inputs: { a: info("a", "DT_FLOAT", -1), b: info("b", "DT_STRING", -1, 2) },
          outputs: { sum: info("sum", "DT_FLOAT", -1), text_bytes: info("text_bytes", "DT_STRING", -1, 2) },
          methodName: "tensorflow/serving/predict",
        },
      },
    });
  });

  it("no other metadata, and none of a model that is not there", async () => {
    const ask = (request: Proto): Promise<GrpcEnd<unknown>> => predictions.call("GetModelMetadata", [request]);
    expect(await ask({ model_spec: { name: "pair" }, metadata_field: ["graph"] })).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'metadata_field: expected "signature_def", got "graph"',
    });
    expect(await ask({ model_spec: { name: "nobody" }, metadata_field: ["signature_def"] })).toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  it("the state of all versions of a model, or of one", async () => {
    const ask = async (model: Proto): Promise<unknown> =>
      (await models.call<Proto>("GetModelStatus", [{ model_spec: model }])).messages[0]?.["model_version_status"];
    const version = (value: string, state = 30): Proto => ({ version: value, state, status: {} });
    expect(await ask(spec("twice"))).toEqual([version("2"), version("1")]);
    expect(await ask(spec("twice", { version: { value: "1" } }))).toEqual([version("1")]);
    expect(await ask(spec("shop"))).toEqual([version("1")]);
    const before = server.state.get();
    server.state.set({ ...before, ready: false });
    expect(await ask(spec("twice", { version_label: "stable" }))).toEqual([version("2", 20)]);
    server.state.set(before);
    expect((await models.call("GetModelStatus", [{ model_spec: { name: "nobody" } }])).code).toBe(status.NOT_FOUND);
  });

  it("refuses bytes that are no question", async () => {
    expect((await sendBytes("GetModelMetadata", Buffer.of(0x0a, 0x05, 0x01)))?.code).toBe(status.INVALID_ARGUMENT);
  });
});

const protos = loadProtos();

function loadProtos(): protobuf.Root {
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_from, file) => (protobuf.common.get(file) === null ? `${root}protos/${file}` : file);
  loaded.loadSync(["tensorflow_serving/apis/prediction_service.proto"]).resolveAll();
  return loaded;
}

function encodeRequest(request: Proto): Buffer {
  const type = protos.lookupType("tensorflow.serving.PredictRequest");
  return Buffer.from(type.encode(type.fromObject(toCamelCase(request) as Proto)).finish());
}

function decodeReply(reply: Buffer): unknown {
  const type = protos.lookupType("tensorflow.serving.PredictResponse");
  return type.toObject(type.decode(reply));
}

function toCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCamelCase);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  const rename = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), toCamelCase(item)]));
}

function exchange(
  method: string,
  message: Buffer,
): Promise<{ readonly error: ServiceError | null; readonly reply?: Buffer | undefined }> {
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) =>
    raw.makeUnaryRequest(`/${SERVICE}/${method}`, same, same, message, (error, reply) => resolve({ error, reply })),
  );
}

async function sendBytes(method: string, message: Buffer): Promise<ServiceError | null> {
  return (await exchange(method, message)).error;
}

async function answerTo(method: string, message: Buffer): Promise<Buffer> {
  const { error, reply } = await exchange(method, message);
  expect(error).toBeNull();
  return reply ?? Buffer.alloc(0);
}
