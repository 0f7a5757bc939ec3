// The bare handler that our gRPC server is measured against: grpc-js, proto-loader and onnxruntime-node, nothing else.
// Arguments: model file, or "sum" to add up the first and the last element of the input without a model.
process.env["ORT_DISABLE_TELEMETRY"] = "1";
import { readFileSync } from "node:fs";
import {
  loadPackageDefinition,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { InferenceSession, Tensor } from "onnxruntime-node";

interface InferRequest {
  readonly model_name: string;
  readonly id: string;
  readonly inputs: readonly {
    readonly shape: readonly string[];
    readonly contents?: { readonly fp32_contents: readonly number[] } | null;
  }[];
  readonly raw_input_contents: readonly Buffer[];
}

const [modelPath = ""] = process.argv.slice(2);
const definition = loadPackageDefinition(
  loadSync(new URL("../../protos/open_inference.proto", import.meta.url).pathname, {
    keepCase: true,
    longs: String,
    defaults: true,
  }),
);
const { GRPCInferenceService } = definition["inference"] as unknown as {
  readonly GRPCInferenceService: { readonly service: Parameters<Server["addService"]>[0] };
};
const session =
  modelPath === "sum"
    ? undefined
    : await InferenceSession.create(readFileSync(modelPath), { intraOpNumThreads: 1, interOpNumThreads: 1 });

/** The elements of the one input; raw bytes are copied where they do not start at a multiple of four. */
function elementsOf({ inputs, raw_input_contents }: InferRequest): Float32Array {
  const [raw] = raw_input_contents;
  if (raw === undefined) return Float32Array.from(inputs[0]?.contents?.fp32_contents ?? []);
  const bytes = raw.byteOffset % 4 === 0 ? raw : new Uint8Array(raw);
  return new Float32Array(bytes.buffer, bytes.byteOffset, raw.byteLength / 4);
}

async function infer(request: InferRequest): Promise<object> {
  const data = elementsOf(request);
  const shape = request.inputs[0]?.shape.map(Number) ?? [];
  const { y } =
    session === undefined
      ? { y: { dims: [1], data: Float32Array.of((data[0] ?? 0) + (data.at(-1) ?? 0)) } }
      : await session.run({ x: new Tensor("float32", data, shape) });
  const values = y?.data as Float32Array;
  const head = { name: "y", datatype: "FP32", shape: y?.dims ?? [] };
  const isRaw = request.raw_input_contents.length > 0;
  return {
    model_name: request.model_name,
    model_version: "1",
    id: request.id,
    outputs: [isRaw ? head : { ...head, contents: { fp32_contents: Array.from(values) } }],
    raw_output_contents: isRaw ? [Buffer.from(values.buffer, values.byteOffset, values.byteLength)] : [],
  };
}

const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(GRPCInferenceService.service, { ModelInfer: answer });

async function answer(call: ServerUnaryCall<InferRequest, object>, done: sendUnaryData<object>): Promise<void> {
  try {
    done(null, await infer(call.request));
  } catch (cause) {
    done({ code: 13, details: String(cause) });
  }
}

process.once("SIGINT", () => process.exit(0));
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`listening http://127.0.0.1:${port}\n`);
});
