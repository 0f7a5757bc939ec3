import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { root } from "../support/server-process.ts";

/** Path of the method over gRPC. */
export const MODEL_INFER = "/inference.GRPCInferenceService/ModelInfer";

/** A ModelInferRequest with one FP32 input `x`, in raw or typed contents, as bytes. */
export function inferMessage(
  model: string,
  shape: readonly number[],
  data: Float32Array,
  contents: "raw" | "typed",
): Buffer {
  const definition = loadSync(`${root}protos/open_inference.proto`, { keepCase: true });
  const service = definition["inference.GRPCInferenceService"] as ServiceDefinition;
  const input = { name: "x", datatype: "FP32", shape };
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const request =
    contents === "raw"
      ? { model_name: model, id: "1", inputs: [input], raw_input_contents: [bytes] }
      : { model_name: model, id: "1", inputs: [{ ...input, contents: { fp32_contents: Array.from(data) } }] };
  return service["ModelInfer"]?.requestSerialize(request) ?? Buffer.alloc(0);
}
