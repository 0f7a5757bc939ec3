import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, type Context, service, t } from "@bento-ts/runtime";
import { type GrpcEnd, type GrpcTestClient, grpcClient } from "../../support/grpc-client.ts";
import { listen, type ListeningService, type ListenOptions } from "../../support/listening-service.ts";
import {
  Anything,
  Binary,
  Doubler,
  Exact,
  Faulty,
  Frames,
  GraphNode,
  Pairs,
  Several,
  Streaming,
  Texts,
} from "./services.fixture.ts";
import { toProtoValue } from "../../../packages/runtime/src/protocols/seldon-v1/grpc/proto-value.fixture.ts";

/** The services of the package, each with its methods. */
const METHODS = {
  Generic: ["TransformInput", "TransformOutput", "Route", "Aggregate", "SendFeedback"],
  Model: ["Predict", "SendFeedback", "Metadata"],
  Router: ["Route", "SendFeedback"],
  Transformer: ["TransformInput"],
  OutputTransformer: ["TransformOutput"],
  Combiner: ["Aggregate"],
  Seldon: ["Predict", "SendFeedback", "ModelMetadata", "GraphMetadata"],
} as const;

/** Numbers of the enum MetricType. */
const COUNTER = 0;
const GAUGE = 1;
const TIMER = 2;

const open: { close(): unknown }[] = [];
afterAll(async () => {
  for (const one of open) await one.close();
});

/** Calls `Service/Method` of one server by the `.proto` alone. */
type Call = (path: string, message: object, metadata?: Readonly<Record<string, string>>) => Promise<GrpcEnd<object>>;

async function start(
  serviceClass: Parameters<typeof listen>[0],
  options: ListenOptions = {},
): Promise<{ readonly call: Call; readonly server: ListeningService }> {
  const config = { telemetry: { logLevel: "silent" }, ...options.config };
  const server = await listen(serviceClass, { ...options, config });
  const clients = new Map<string, GrpcTestClient>();
  open.push({ close: () => [...clients.values()].forEach((client) => client.close()) }, server);
  const clientOf = (name: string): GrpcTestClient => {
    const known = clients.get(name) ?? grpcClient(server.grpcAddress, "seldon.proto", `seldon.protos.${name}`);
    clients.set(name, known);
    return known;
  };
  const call: Call = (path, message, metadata = {}) => {
    const [name = "", method = ""] = path.split("/");
    return clientOf(name).call(method, [message], { metadata });
  };
  return { server, call };
}

/** The one message of a good answer, lists that hold nothing left out. */
async function answer(end: Promise<GrpcEnd<object>>): Promise<unknown> {
  const { code, details, messages } = await end;
  expect([code, details, messages.length]).toEqual([status.OK, "", 1]);
  return plain(messages[0]);
}

/** What a message says, without the empty lists and the names of oneofs that the client's loader adds. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  const isOneof = (name: string, member: unknown): boolean =>
    (name === "kind" || name === "data_oneof") && typeof member === "string" && member in value;
  const members = Object.entries(value).filter(
    ([name, member]) => !(Array.isArray(member) && member.length === 0) && !isOneof(name, member),
  );
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}

const failure = async (end: Promise<GrpcEnd<object>>): Promise<readonly [number, string]> => {
  const { code, details } = await end;
  return [code, details];
};

const tensor = (shape: readonly number[], values: readonly number[]): object => ({
  data: { tensor: { shape, values } },
});
const ndarray = (...values: readonly unknown[]): object => ({
  data: { ndarray: { values: values.map(toProtoValue) } },
});
const UNIT = { PREDICTIVE_UNIT_ID: "doubler", PREDICTIVE_UNIT_IMAGE: "registry:5000/doubler:1.2" };

describe("Seldon over gRPC: a prediction", () => {
  let call: Call;
  beforeAll(async () => {
    ({ call } = await start(Doubler, { env: UNIT }));
  });
  const meta = {
    tags: { rows: { numberValue: 1 } },
    requestPath: { doubler: "registry:5000/doubler:1.2" },
    metrics: [
      { key: "calls", type: COUNTER, value: 1, tags: { kind: "double" } },
      { key: "rows", type: GAUGE, value: 1 },
      { key: "took", type: TIMER, value: 20 },
    ],
  };

  it.each(["Model/Predict", "Seldon/Predict"])("%s answers a tensor with a tensor, names and meta", async (path) => {
    expect(await answer(call(path, tensor([1, 2], [1, 2.5])))).toEqual({
      data: { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [2, 5] } },
      meta,
    });
  });

  it("answers each form of array with the same", async () => {
    expect(await answer(call("Model/Predict", ndarray([1, 2])))).toMatchObject({
      data: { names: ["t:0", "t:1"], ndarray: toProtoValue([[2, 4]])["listValue" as keyof object] },
    });
    const tftensor = {
      dtype: 2,
      tensor_shape: { dim: [{ size: "1" }, { size: "2" }] },
      double_val: [3, 4],
    };
    expect(await answer(call("Model/Predict", { data: { tftensor } }))).toMatchObject({
      data: { names: ["t:0", "t:1"], tftensor: { ...tftensor, double_val: [6, 8] } },
    });
  });

  it("has an empty array where data has none of its forms", async () => {
    expect(await answer(call("Model/Predict", { data: {} }))).toMatchObject({ data: { ndarray: {} } });
  });

  it("answers with a tensor what came without an array", async () => {
    for (const message of [{ jsonData: toProtoValue([[1, 2]]) }, { strData: "[[1, 2]]" }])
      expect(await answer(call("Model/Predict", message))).toMatchObject({
        data: { tensor: { shape: [1, 2], values: [2, 4] } },
      });
  });

  it("hands on puid, tags, path and metrics of its request, and not the routing", async () => {
    const sent = {
      puid: "p1",
      tags: { mine: toProtoValue({ deep: [1, null, true] }) },
      routing: { router: -1 },
      requestPath: { before: "before:1" },
      metrics: [{ key: "seen", type: TIMER, value: 0.5, tags: { a: "b" } }],
    };
    expect(await answer(call("Model/Predict", { ...tensor([1, 2], [0, 0]), meta: sent }))).toMatchObject({
      meta: {
        puid: "p1",
        tags: {
          mine: {
            structValue: {
              fields: {
                deep: {
                  listValue: { values: [{ numberValue: 1 }, { nullValue: 0 }, { boolValue: true }] },
                },
              },
            },
          },
          rows: { numberValue: 1 },
        },
        requestPath: { doubler: "registry:5000/doubler:1.2", before: "before:1" },
        metrics: [{ key: "seen", type: TIMER, value: 0.5, tags: { a: "b" } }, {}, {}, {}],
      },
    });
  });

  it("sends the author's headers as metadata and takes the caller's id", async () => {
    const end = await call("Model/Predict", tensor([1, 2], [1, 2]), { "x-request-id": "abc" });
    expect(end.metadata.get("x-request-id")).toEqual(["abc"]);
  });
});

describe("Seldon over gRPC: inputs and outputs of each type", () => {
  it("columns of a data frame, texts among them", async () => {
    const { call } = await start(Frames);
    const names = ["town", "rooms"];
    const { data } = ndarray(["Ulm", 3], [null, 4]) as { data: object };
    expect(await answer(call("Model/Predict", { data: { names, ...data } }))).toMatchObject({
      data: {
        names: ["rooms", "town"],
        ndarray: {
          values: [
            { listValue: { values: [{ numberValue: 3 }, { stringValue: "Ulm" }] } },
            { listValue: { values: [{ numberValue: 4 }, { nullValue: 0 }] } },
          ],
        },
      },
    });
  });

  it("texts, bytes and any JSON", async () => {
    const texts = await start(Texts);
    expect(await answer(texts.call("Model/Predict", { strData: "grüß" }))).toEqual({ strData: "GRÜSS", meta: {} });
    const binary = await start(Binary);
    expect(await answer(binary.call("Model/Predict", { binData: Buffer.of(1, 2, 255) }))).toEqual({
      binData: Buffer.of(255, 2, 1),
      meta: {},
    });
    const anything = await start(Anything);
    const jsonData = toProtoValue({ a: [1, "x", null], b: { c: false } });
    expect(await answer(anything.call("Model/Predict", { jsonData }))).toMatchObject({
      jsonData: {
        structValue: {
          fields: {
            a: { listValue: { values: [{ numberValue: 1 }, { stringValue: "x" }, { nullValue: 0 }] } },
            b: { structValue: { fields: { c: { boolValue: false } } } },
          },
        },
      },
      meta: {},
    });
  });

  it("whole numbers of 64 bits keep every digit in a TensorProto", async () => {
    const { call } = await start(Exact);
    const tftensor = {
      dtype: 9,
      tensor_shape: { dim: [{ size: "2" }] },
      int64_val: ["9007199254740993", "-1"],
    };
    expect(await answer(call("Model/Predict", { data: { tftensor } }))).toMatchObject({ data: { tftensor } });
    expect(await answer(call("Model/Predict", tensor([2], [3, -4])))).toMatchObject({
      data: { tensor: { shape: [2], values: [3, -4] } },
    });
  });

  it("named tensors are the columns of an array", async () => {
    const { call } = await start(Pairs);
    expect(await answer(call("Model/Predict", tensor([2, 2], [0.5, 1, 1.5, 2])))).toMatchObject({
      jsonData: {
        structValue: { fields: { b: { listValue: { values: [{ numberValue: 1 }, { numberValue: 2 }] } } } },
      },
    });
  });
});

describe("Seldon over gRPC: the other roles", () => {
  let call: Call;
  beforeAll(async () => {
    ({ call } = await start(GraphNode, { env: { PREDICTIVE_UNIT_ID: "node", PREDICTIVE_UNIT_IMAGE: "node:1" } }));
  });
  const own = { requestPath: { node: "node:1" } };

  it.each(["Transformer/TransformInput", "Generic/TransformInput"])("%s transforms", async (path) => {
    expect(await answer(call(path, ndarray([1, 2], [3, 4])))).toEqual({
      data: { ndarray: { values: [{ numberValue: 3 }, { numberValue: 7 }] } },
      meta: own,
    });
  });

  it.each(["OutputTransformer/TransformOutput", "Generic/TransformOutput"])("%s transforms", async (path) => {
    expect(await answer(call(path, { strData: "x" }))).toEqual({ strData: "x", meta: own });
  });

  it.each([0, 2, -1, -2])("routes to %i as an array of one", async (branch) => {
    for (const path of ["Router/Route", "Generic/Route"]) {
      expect(
        await answer(call(path, { ...tensor([1, 1], [branch]), meta: { puid: "p", tags: { a: toProtoValue(1) } } })),
      ).toEqual({
        data: { names: ["t:0"], tensor: { shape: [1, 1], values: [branch] } },
        meta: { puid: "p", ...own },
      });
    }
  });

  it("refuses a branch that is none", async () => {
    expect(await failure(call("Router/Route", tensor([1, 1], [0.5])))).toEqual([
      status.INVALID_ARGUMENT,
      "Routing response must be int but got 0.5",
    ]);
  });

  it.each(["Combiner/Aggregate", "Generic/Aggregate"])("%s joins what came with the messages", async (path) => {
    const seldonMessages = [
      { ...ndarray([1, 2]), meta: { puid: "p1", tags: { a: toProtoValue(1) }, requestPath: { x: "x:1" } } },
      { ...tensor([1, 2], [3, 6]), meta: { puid: "p2", metrics: [{ key: "n", type: GAUGE, value: 2 }] } },
    ];
    expect(await answer(call(path, { seldonMessages }))).toEqual({
      data: {
        names: ["t:0", "t:1"],
        ndarray: { values: [{ listValue: { values: [{ numberValue: 2 }, { numberValue: 4 }] } }] },
      },
      meta: {
        puid: "p1",
        tags: { a: { numberValue: 1 } },
        requestPath: { x: "x:1", node: "node:1" },
        metrics: [{ key: "n", type: GAUGE, value: 2 }],
      },
    });
  });

  it.each(["Model/SendFeedback", "Router/SendFeedback", "Generic/SendFeedback", "Seldon/SendFeedback"])(
    "%s learns what came of an answer",
    async (path) => {
      const feedback = {
        request: { ...tensor([1, 2], [1, 2]), meta: { puid: "not handed on" } },
        response: { ...ndarray([3, 4]), meta: { routing: { node: 1, other: 5 } } },
        truth: tensor([1, 2], [5, 6]),
        reward: 0.5,
      };
      expect(await answer(call(path, feedback))).toEqual({ data: { tensor: { shape: [0] } }, meta: own });
      expect(await answer(call("Model/Predict", { jsonData: toProtoValue(null) }))).toMatchObject({
        jsonData: {
          structValue: {
            fields: {
              request: { listValue: { values: [{ numberValue: 1 }, { numberValue: 2 }] } },
              response: { listValue: { values: [{ numberValue: 3 }, { numberValue: 4 }] } },
              truth: { listValue: { values: [{ numberValue: 5 }, { numberValue: 6 }] } },
              reward: { numberValue: 0.5 },
              routing: { numberValue: 1 },
            },
          },
        },
      });
    },
  );

  it("takes feedback of which all is left out", async () => {
    expect(await answer(call("Model/SendFeedback", {}))).toEqual({ data: { tensor: { shape: [0] } }, meta: own });
  });
});

describe("Seldon over gRPC: a role that the service has not", () => {
  it("is answered as Seldon's own wrapper does, or not at all", async () => {
    const { call } = await start(Doubler);
    expect(await answer(call("Transformer/TransformInput", tensor([1, 2], [1, 2])))).toEqual({
      data: { names: ["t:0", "t:1"], tensor: { shape: [1, 2], values: [1, 2] } },
      meta: {},
    });
    expect(await answer(call("Model/SendFeedback", { request: ndarray([1]) }))).toEqual({
      data: { ndarray: {} },
      meta: {},
    });
    expect(await failure(call("Router/Route", ndarray([1])))).toEqual([status.UNIMPLEMENTED, "Route not defined"]);
    expect(await failure(call("Combiner/Aggregate", {}))).toEqual([status.UNIMPLEMENTED, "Aggregate not defined"]);
  });

  it("says that no API is the default, or that the default one streams", async () => {
    const several = await start(Several);
    expect(await failure(several.call("Model/Predict", { jsonData: toProtoValue(1) }))).toEqual([
      status.UNIMPLEMENTED,
      "Predict not defined: none of 2 APIs is marked default: true",
    ]);
    const streaming = await start(Streaming);
    expect(await failure(streaming.call("Model/Predict", { jsonData: toProtoValue(1) }))).toEqual([
      status.UNIMPLEMENTED,
      'API "count" answers with a stream, which Seldon\'s protocol has not',
    ]);
  });
});

describe("Seldon over gRPC: what is wrong", () => {
  let call: Call;
  beforeAll(async () => {
    ({ call } = await start(Doubler));
  });

  it.each<[string, object, string]>([
    ["no data", {}, "expected a message with one of data, jsonData, strData and binData, got none of them"],
    ["too few values", tensor([2, 2], [1, 2, 3]), "/data/tensor/values: expected 4 values for shape [2,2], got 3"],
    ["a size below 0", tensor([-1, 2], [1, 2]), "/data/tensor/shape/0: expected a whole number ≥ 0, got -1"],
    ["another shape", tensor([1, 3], [1, 2, 3]), "/data/tensor/shape: expected shape [-1,2], got [1,3]"],
    ["a text in an array", ndarray(["a", 1]), "/data/ndarray/0/0: expected"],
    [
      "an unnamed foreign message",
      { customData: { type_url: "x/y", value: Buffer.of(1) } },
      "/customData: messages of foreign types",
    ],
    [
      "a metric of no kind",
      { ...tensor([1, 2], [1, 2]), meta: { metrics: [{ key: "a", type: 7 }] } },
      "/meta/metrics/0/type: expected one of COUNTER, GAUGE, TIMER, got 7",
    ],
    ["a tensor of no type", { data: { tftensor: {} } }, "/data/tftensor: expected a dtype of"],
    ["JSON for an array", { jsonData: toProtoValue({ a: 1 }) }, "expected"],
  ])("%s", async (_name, message, words) => {
    const [code, details] = await failure(call("Model/Predict", message));
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toContain(words);
  });

  it("a message past the limit is refused by the option's name", async () => {
    const small = await start(Doubler, { config: { server: { limits: { grpc: "1KiB" } } } });
    const [code, details] = await failure(
      small.call(
        "Model/Predict",
        tensor(
          [1, 2000],
          Array.from({ length: 2000 }, () => 1),
        ),
      ),
    );
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(details).toContain("server.limits.grpc");
  });

  it("tells of a service's failure what its caller may know", async () => {
    const faulty = await start(Faulty);
    const fail = (kind: string): Promise<readonly [number, string]> =>
      failure(faulty.call("Model/Predict", { strData: kind }));
    expect(await fail("own")).toEqual([status.FAILED_PRECONDITION, "the moon is full"]);
    expect(await fail("busy")).toEqual([status.UNAVAILABLE, "come back"]);
    const [code, details] = await fail("x");
    expect(code).toBe(status.INTERNAL);
    expect(details).toMatch(/^the service failed; its log tells why under request id /);
  });
});

describe("Seldon over gRPC: what a component tells of itself", () => {
  it("answers every method of all seven services", async () => {
    const { call } = await start(GraphNode);
    for (const [name, methods] of Object.entries(METHODS)) {
      for (const method of methods) {
        const { code, details } = await call(`${name}/${method}`, {});
        expect(details, `${name}/${method}`).not.toMatch(/^unknown (?:service|method)/);
        expect([status.OK, status.INVALID_ARGUMENT, status.UNIMPLEMENTED], `${name}/${method}`).toContain(code);
      }
    }
  });

  it("metadata is the API's own, over which MODEL_METADATA goes", async () => {
    const env = { ...UNIT, MODEL_METADATA: "platform: onnx\ncustom: { team: blue }" };
    const { call } = await start(Doubler, { env });
    const metadata = {
      name: "registry:5000/doubler",
      versions: ["1.2"],
      platform: "onnx",
      inputs: [{ name: "input", datatype: "FP64", shape: ["-1", "2"] }],
      outputs: [{ name: "output", datatype: "FP64", shape: ["-1", "2"] }],
      custom: { team: "blue" },
    };
    expect(await answer(call("Model/Metadata", {}))).toEqual(metadata);
    for (const name of ["", "doubler", "registry:5000/doubler"])
      expect(await answer(call("Seldon/ModelMetadata", { name }))).toEqual(metadata);
    expect(await failure(call("Seldon/ModelMetadata", { name: "other" }))).toEqual([
      status.NOT_FOUND,
      'unknown model "other": this is "registry:5000/doubler"',
    ]);
    expect(await failure(call("Seldon/GraphMetadata", {}))).toEqual([
      status.UNIMPLEMENTED,
      "a component knows nothing of its graph: ask the orchestrator",
    ]);
  });

  it("tells schemas of data frames", async () => {
    const { call } = await start(Frames);
    expect(await answer(call("Model/Metadata", {}))).toMatchObject({
      inputs: [
        {
          messagetype: "ndarray",
          schema: {
            structValue: {
              fields: {
                names: { listValue: { values: [{ stringValue: "rooms" }, { stringValue: "town" }] } },
                shape: { listValue: { values: [{ numberValue: -1 }, { numberValue: 2 }] } },
              },
            },
          },
        },
      ],
    });
  });

  it("MODEL_METADATA that is none fails the question alone", async () => {
    const { call } = await start(Doubler, { env: { ...UNIT, MODEL_METADATA: "colour: blue" } });
    expect((await call("Model/Metadata", {})).code).toBe(status.INTERNAL);
    expect((await call("Model/Predict", tensor([1, 2], [1, 2]))).code).toBe(status.OK);
  });

  it("reflection lists the seven services and gives their file", async () => {
    const { server } = await start(Doubler);
    const client = grpcClient(
      server.grpcAddress,
      "grpc/reflection/v1alpha/reflection.proto",
      "grpc.reflection.v1alpha.ServerReflection",
    );
    open.push(client);
    const { messages } = await client.call<{
      readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
      readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
    }>("ServerReflectionInfo", [{ list_services: "*" }, { file_containing_symbol: "seldon.protos.Generic" }]);
    const names = messages[0]?.list_services_response?.service.map(({ name }) => name) ?? [];
    expect(names).toEqual(expect.arrayContaining(Object.keys(METHODS).map((name) => `seldon.protos.${name}`)));
    const files = messages[1]?.file_descriptor_response?.file_descriptor_proto.map((file) => file.toString("latin1"));
    for (const name of ["seldon.proto", "google/protobuf/struct.proto", "tensorflow/core/framework/tensor.proto"])
      expect(files?.some((file) => file.includes(name))).toBe(true);
  });

  it("has no services where its protocol is off", async () => {
    const { call } = await start(Doubler, { config: { server: { protocols: { seldon: false } } } });
    expect((await call("Model/Predict", tensor([1, 2], [1, 2]))).code).toBe(status.UNIMPLEMENTED);
  });
});

describe("Seldon over gRPC: switches of a deployment", () => {
  it("metrics stay out of replies, are shown in Seldon's form, and feedback is counted", async () => {
    const env = { ...UNIT, INCLUDE_METRICS_IN_CLIENT_RESPONSE: "false" };
    const { call, server } = await start(Doubler, { env });
    expect(await answer(call("Model/Predict", tensor([1, 2], [1, 2])))).not.toHaveProperty("meta.metrics");
    await answer(call("Model/SendFeedback", { reward: 0.25 }));
    const shown = await server.metrics();
    expect(shown).toMatch(/\ncalls_total\{kind="double",.*method="predict"\} 1\n/);
    expect(shown).toMatch(/\nseldon_api_model_feedback_total\{.*method="feedback"\} 1\n/);
    expect(shown).toMatch(/\nseldon_api_model_feedback_reward_total\{.*method="feedback"\} 0.25\n/);
  });

  it("annotations of the pod bound the time of a call and the size of a message", async () => {
    const dir = await mkdtemp(join(tmpdir(), "bento-podinfo-"));
    const annotationsFile = join(dir, "annotations");
    await writeFile(annotationsFile, 'seldon.io/grpc-timeout="40"\nseldon.io/grpc-max-message-size="1024"\n');
    @service({ name: "slow" })
    class Slow {
      @api({ input: t.Any(), output: t.Any() })
      wait(_value: unknown, { signal }: Context): Promise<null> {
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(null)));
      }
    }
    const { call } = await start(Slow, { env: { PREDICTIVE_UNIT_ID: "slow" }, annotationsFile });
    expect(await failure(call("Model/Predict", { jsonData: toProtoValue(1) }))).toEqual([
      status.DEADLINE_EXCEEDED,
      "the call was not answered within 40 ms",
    ]);
    expect((await call("Model/Predict", { strData: "x".repeat(1025) })).code).toBe(status.RESOURCE_EXHAUSTED);
    await rm(dir, { recursive: true });
  });
});
