import { readFileSync } from "node:fs";
import { type GrpcTestClient, grpcClient } from "../../support/grpc-client.ts";
import { root } from "../../support/server-process.ts";

/** Where a server of the secured example answers. */
export interface Place {
  readonly url: string;
  readonly grpcAddress: string;
  readonly protoFile: string;
}

/** A good call of one function through one surface; it differs in its credentials alone. */
export interface Cell {
  /** `score: V2 gRPC`. */
  readonly name: string;
  /** Gives the HTTP status, or the code of gRPC. */
  ask(credentials: Readonly<Record<string, string>>): Promise<number>;
}

type Row = Readonly<Record<string, number>>;
const ROWS: readonly Row[] = (
  JSON.parse(readFileSync(`${root}examples/boston/examples/boston10.json`, "utf8")) as { df: Row[] }
).df.slice(0, 2);
const QUESTION = { name: "RM" };

const columns = Object.keys(ROWS[0] ?? {});
const valuesOf = (column: string): number[] => ROWS.map((row) => row[column] ?? NaN);
const matrix = ROWS.map((row) => columns.map((column) => row[column] ?? NaN));
const byColumn = Object.fromEntries(columns.map((column) => [column, valuesOf(column)]));

/** What a function is given, in the words of each protocol. */
interface Inputs {
  readonly native: object;
  readonly message: object;
  readonly v2: readonly object[];
  readonly v2Grpc: readonly object[];
  readonly v1: object;
  readonly tensorflow: object;
}

const FRAME: Inputs = {
  native: { df: ROWS },
  message: byColumn,
  v2: columns.map((name) => ({ name, shape: [2], datatype: "FP64", data: valuesOf(name) })),
  v2Grpc: columns.map((name) => ({
    name,
    shape: [2],
    datatype: "FP64",
    contents: { fp64_contents: valuesOf(name) },
  })),
  v1: { instances: ROWS },
  tensorflow: Object.fromEntries(
    columns.map((name) => [
      name,
      { dtype: "DT_DOUBLE", tensor_shape: { dim: [{ size: 2 }] }, double_val: valuesOf(name) },
    ]),
  ),
};

const JSON_TEXT = JSON.stringify(QUESTION);
const COLUMN: Inputs = {
  native: QUESTION,
  message: QUESTION,
  v2: [{ name: "input", shape: [1], datatype: "BYTES", data: [JSON_TEXT] }],
  v2Grpc: [{ name: "input", shape: [1], datatype: "BYTES", contents: { bytes_contents: [Buffer.from(JSON_TEXT)] } }],
  v1: { inputs: QUESTION },
  tensorflow: {
    input: { dtype: "DT_STRING", tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.from(JSON_TEXT)] },
  },
};

const V2 = "inference.GRPCInferenceService";
const TENSORFLOW = "tensorflow.serving.PredictionService";

/** Every cell of the table, group by group, and what closes the connections. */
export function openCells(place: Place): {
  readonly groups: Readonly<Record<string, readonly Cell[]>>;
  close(): void;
} {
  const clients = new Map<string, GrpcTestClient>();
  const grpc = (name: string, method: string, request: object): Cell => {
    const [service = "", call = ""] = method.split("/");
    const client = clients.get(service) ?? grpcClient(place.grpcAddress, protoOf(service, place), service);
    clients.set(service, client);
    return { name, ask: async (metadata) => (await client.call(call, [request], { metadata })).code };
  };
  const post = (name: string, path: string, body: object): Cell => ({
    name,
    ask: (headers) =>
      statusOf(`${place.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
  });
  const get = (name: string, path: string): Cell => ({
    name,
    ask: (headers) => statusOf(`${place.url}${path}`, { headers }),
  });
  const v2Grpc = (name: string, model: string, { v2Grpc: inputs }: Inputs): Cell =>
    grpc(`${name}: V2 gRPC`, `${V2}/ModelInfer`, { model_name: model, inputs });
  const models = (name: string, inputs: Inputs, method: string): readonly Cell[] => [
    post(`${name}: native REST`, `/${name}`, inputs.native),
    grpc(`${name}: native gRPC`, `bento.boston.v1.Boston/${method}`, inputs.message),
    post(`${name}: V2 REST`, `/v2/models/${name}/infer`, { inputs: inputs.v2 }),
    v2Grpc(name, name, inputs),
    post(`${name}: V1 REST`, `/v1/models/${name}:predict`, inputs.v1),
    grpc(`${name}: TF Serving gRPC`, `${TENSORFLOW}/Predict`, {
      model_spec: { name },
      inputs: inputs.tensorflow,
    }),
  ];
  const seldonMessage = { data: { names: columns, ndarray: matrix } };
  const seldonTensor = { data: { names: columns, tensor: { shape: [2, columns.length], values: matrix.flat() } } };
  const groups = {
    score: [
      ...models("score", FRAME, "Score"),
      post("score: Seldon REST", "/api/v1.0/predictions", seldonMessage),
      grpc("score: Seldon gRPC", "seldon.protos.Seldon/Predict", seldonTensor),
    ],
    summary: models("summary", FRAME, "Summary"),
    column: models("column", COLUMN, "Column"),
    each: [
      post("each: native REST", "/each", FRAME.native),
      grpc("each: native gRPC", "bento.boston.v1.Boston/Each", FRAME.message),
    ],
    unknown: [
      post("unknown: native REST", "/nothing", FRAME.native),
      post("unknown: V2 REST", "/v2/models/nothing/infer", { inputs: FRAME.v2 }),
      v2Grpc("unknown", "nothing", FRAME),
      post("unknown: V1 REST", "/v1/models/nothing:predict", FRAME.v1),
      grpc("unknown: TF Serving gRPC", `${TENSORFLOW}/Predict`, {
        model_spec: { name: "nothing" },
        inputs: FRAME.tensorflow,
      }),
    ],
    passing: [
      post("passing: Seldon REST", "/transform-input", seldonMessage),
      grpc("passing: Seldon gRPC", "seldon.protos.Generic/TransformInput", seldonTensor),
    ],
    facts: [
      get("facts: V2 REST", "/v2/models/score"),
      grpc("facts: V2 gRPC", `${V2}/ModelMetadata`, { name: "score" }),
      get("facts: V1 REST", "/v1/models/score"),
      get("facts: TF Serving REST", "/v1/models/score/metadata"),
      grpc("facts: TF Serving gRPC", `${TENSORFLOW}/GetModelMetadata`, {
        model_spec: { name: "score" },
        metadata_field: ["signature_def"],
      }),
      get("facts: Seldon REST", "/api/v1.0/metadata"),
      grpc("facts: Seldon gRPC", "seldon.protos.Model/Metadata", {}),
      get("facts: OpenAPI", "/openapi.json"),
      grpc("facts: reflection", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", { list_services: "" }),
    ],
    probes: [
      get("probes: native REST", "/healthz"),
      get("probes: V2 REST", "/v2/health/ready"),
      grpc("probes: V2 gRPC", `${V2}/ServerReady`, {}),
      grpc("probes: health", "grpc.health.v1.Health/Check", {}),
    ],
  };
  return {
    groups,
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

const PROTOS: Readonly<Record<string, string>> = {
  inference: "open_inference.proto",
  seldon: "seldon.proto",
  tensorflow: "tensorflow_serving/apis/prediction_service.proto",
};

function protoOf(service: string, { protoFile }: Place): string {
  if (service === "grpc.health.v1.Health") return "grpc/health/v1/health.proto";
  if (service === "grpc.reflection.v1.ServerReflection") return "grpc/reflection/v1/reflection.proto";
  return PROTOS[service.split(".", 1)[0] ?? ""] ?? protoFile;
}

async function statusOf(url: string, request: RequestInit): Promise<number> {
  const reply = await fetch(url, request);
  await reply.arrayBuffer();
  return reply.status;
}
