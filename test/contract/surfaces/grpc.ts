import type { ChannelCredentials, ChannelOptions } from "@grpc/grpc-js";
import { type GrpcCallOptions, type GrpcEnd, type GrpcTestClient, grpcClient } from "../../support/grpc-client.ts";
import type { Addresses, Answer, CallOptions, Surface } from "./surface.ts";

type Rows = readonly (readonly number[])[];

interface GrpcRow {
  readonly name: string;
  readonly protocol: string;
  readonly protoFile: (addresses: Addresses) => string;
  readonly method: string;
  request(rows: Rows, model: string): object;
  /** Takes the numbers out of a reply, as proto-loader shows it. */
  values(reply: Reply): readonly number[];
}

/** The fields of all replies that are read here. */
interface Reply {
  readonly output?: { readonly data: Buffer };
  readonly data?: { readonly tensor?: { readonly values: readonly number[] } };
  readonly outputs?: readonly { readonly contents?: { readonly fp32_contents: readonly number[] } }[] &
    Readonly<Record<string, { readonly float_val: readonly number[]; readonly tensor_content?: Buffer }>>;
  readonly raw_output_contents?: readonly Buffer[];
}

const ROWS: readonly GrpcRow[] = [
  {
    name: "native gRPC",
    protocol: "native",
    protoFile: ({ protoFile }) => protoFile,
    method: "bento.contract.v1.Contract/Double",
    request: (rows) => ({ input: { shape: [rows.length, 2], data: bytesOf(rows) } }),
    values: ({ output }) => floats(output?.data),
  },
  {
    name: "V2 gRPC, typed",
    protocol: "v2",
    protoFile: () => "open_inference.proto",
    method: "inference.GRPCInferenceService/ModelInfer",
    request: (rows, model) => ({
      model_name: model,
      inputs: [{ ...tensorOf(rows), contents: { fp32_contents: rows.flat() } }],
    }),
    values: ({ outputs }) => outputs?.[0]?.contents?.fp32_contents ?? [],
  },
  {
    name: "V2 gRPC, raw",
    protocol: "v2",
    protoFile: () => "open_inference.proto",
    method: "inference.GRPCInferenceService/ModelInfer",
    request: (rows, model) => ({
      model_name: model,
      inputs: [tensorOf(rows)],
      raw_input_contents: [bytesOf(rows)],
    }),
    values: ({ raw_output_contents: raw }) => floats(raw?.[0]),
  },
  {
    name: "TF Serving gRPC",
    protocol: "kserveV1",
    protoFile: () => "tensorflow_serving/apis/prediction_service.proto",
    method: "tensorflow.serving.PredictionService/Predict",
    request: (rows, model) => ({
      model_spec: { name: model },
      inputs: {
        input: {
          dtype: "DT_FLOAT",
          tensor_shape: { dim: [{ size: rows.length }, { size: 2 }] },
          float_val: rows.flat(),
        },
      },
    }),
    values: ({ outputs }) => {
      const output = outputs?.["output"];
      return output === undefined || output.float_val.length > 0
        ? (output?.float_val ?? [])
        : floats(output.tensor_content);
    },
  },
  {
    name: "Seldon gRPC",
    protocol: "seldon",
    protoFile: () => "seldon.proto",
    method: "seldon.protos.Model/Predict",
    request: (rows) => ({ data: { tensor: { shape: [rows.length, 2], values: rows.flat() } } }),
    values: ({ data }) => data?.tensor?.values ?? [],
  },
];

/** Every surface over gRPC; `connect` gives what a client of the server has to know beside its address. */
export function grpcSurfaces(
  addresses: Addresses,
  connect: { readonly options?: ChannelOptions; readonly security?: ChannelCredentials } = {},
): readonly Surface[] {
  return ROWS.map((row) => {
    const [service = "", method = ""] = row.method.split("/");
    const client = grpcClient(
      addresses.grpcAddress,
      row.protoFile(addresses),
      service,
      connect.options,
      connect.security,
    );
    return {
      name: row.name,
      transport: "grpc",
      protocol: row.protocol,
      call: (rows, options = {}) => send({ client, row, method }, rows, options),
      sendBytes: async (bytes, options = {}) =>
        toAnswer(await client.callBytes(method, bytes, toGrpcOptions(options)), () => []),
      close: () => client.close(),
    };
  });
}

interface Line {
  readonly client: GrpcTestClient;
  readonly row: GrpcRow;
  readonly method: string;
}

async function send({ client, row, method }: Line, rows: Rows, options: CallOptions): Promise<Answer> {
  const { model = "double" } = options;
  const end = await client.call<Reply>(method, [row.request(rows, model)], toGrpcOptions(options));
  return toAnswer(end, row.values);
}

function toGrpcOptions({ requestId, timeoutMs, headers, signal }: CallOptions): GrpcCallOptions {
  return {
    metadata: { ...headers, ...(requestId === undefined ? {} : { "x-request-id": requestId }) },
    ...(timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function toAnswer<R>(end: GrpcEnd<R>, values: (reply: R) => readonly number[]): Answer {
  const { code, details, messages, metadata, trailers } = end;
  const headers = Object.fromEntries(
    [metadata, trailers].flatMap((part) => Object.entries(part.getMap()).map(([name, value]) => [name, String(value)])),
  );
  return { status: code, error: details, values: code === 0 ? messages.flatMap(values) : [], headers };
}

function tensorOf(rows: Rows): { readonly name: string; readonly shape: readonly number[]; readonly datatype: string } {
  return { name: "input", shape: [rows.length, 2], datatype: "FP32" };
}

function bytesOf(rows: Rows): Buffer {
  return Buffer.from(Float32Array.from(rows.flat()).buffer);
}

function floats(bytes: Buffer = Buffer.alloc(0)): readonly number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
