import type { IoTensorInfo } from "../../io/tensor-infos.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import type { ModelTable, ServedModel } from "../served-models/model-table.ts";
import type { ProtocolHost } from "../types.ts";

/** Extensions that work here, by the names that clients look for. Source: Triton's "Extensions". */
const EXTENSIONS: readonly string[] = ["binary_tensor_data", "model_configuration", "statistics"];

/** What the server tells of itself. */
export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** What is told of one model; keys as on the wire. */
export interface ModelFacts {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
}

/** One tensor of a model; -1 leaves a size free. */
export interface TensorFacts {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** How Triton calls the engines. */
const ENGINES: Readonly<Partial<Record<string, { readonly platform: string; readonly backend: string }>>> = {
  onnx: { platform: "onnx_onnxv1", backend: "onnxruntime" },
  tensorflow: { platform: "tensorflow_savedmodel", backend: "tensorflow" },
};
const OWN_CODE = { platform: "bento-ts", backend: "bento-ts" };

/** Platform and backend of a model: those of its engine, where it is a model as it is. */
export function platformOf(host: Pick<ProtocolHost, "engineOf">, { api }: ServedModel): typeof OWN_CODE {
  return ENGINES[host.engineOf(api.name) ?? ""] ?? OWN_CODE;
}

/** What the server tells of itself. */
export function serverFacts({ definition: { name, version } }: ProtocolHost): ServerFacts {
  return { name, version, extensions: EXTENSIONS };
}

/** What is told of a version of a model under the name by which it was asked for; its highest where `version` is undefined or empty. Throws NOT_FOUND. */
export function modelFacts(
  host: ProtocolHost,
  models: ModelTable,
  { name, version }: { readonly name: string; readonly version: string | undefined },
): ModelFacts {
  const model = models.find(name, version);
  return {
    name,
    versions: models.versionsOf(name).map((one) => one.version),
    platform: platformOf(host, model).platform,
    inputs: model.inputs.map(tensorFacts),
    outputs: model.outputs.map(tensorFacts),
  };
}

function tensorFacts({ name, dtype, shape }: IoTensorInfo): TensorFacts {
  return { name, datatype: DTYPES[dtype].v2, shape: freeAsMinusOne(shape) };
}

/** A shape with -1 for each free size. */
export function freeAsMinusOne(shape: IoTensorInfo["shape"]): readonly number[] {
  return shape.map((size) => size ?? -1);
}
