import type { IoTensorInfo } from "../../io/tensor-infos.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import { TF_TYPES } from "./data-types.ts";

/** Name of the one signature that each model has. */
export const SIGNATURE = "serving_default";
/** What the signature is for. */
const METHOD = "tensorflow/serving/predict";

/** One tensor of a signature as JSON: -1 where a size is free. Source: tensorflow/core/protobuf/meta_graph.proto. */
export interface TensorInfoJson {
  readonly dtype: string;
  readonly tensor_shape: {
    readonly dim: readonly { readonly size: string; readonly name: string }[];
    readonly unknown_rank: boolean;
  };
  readonly name: string;
}

/** What a model takes and gives, as TensorFlow Serving's REST shows it. */
export interface SignatureJson {
  readonly inputs: Readonly<Record<string, TensorInfoJson>>;
  readonly outputs: Readonly<Record<string, TensorInfoJson>>;
  readonly method_name: string;
}

/** The signature of a model. */
export function signatureJson({ inputs, outputs }: ServedModel): SignatureJson {
  return { inputs: infosJson(inputs), outputs: infosJson(outputs), method_name: METHOD };
}

function infosJson(infos: readonly IoTensorInfo[]): Readonly<Record<string, TensorInfoJson>> {
  return Object.fromEntries(infos.map((info) => [info.name, infoJson(info)]));
}

function infoJson({ name, dtype, shape }: IoTensorInfo): TensorInfoJson {
  const dim = shape.map((size) => ({ size: String(size ?? -1), name: "" }));
  // In a graph a name is followed by the number of the operation's result.
  return { dtype: TF_TYPES[dtype].name, tensor_shape: { dim, unknown_rank: false }, name: `${name}:0` };
}
