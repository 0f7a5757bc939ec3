import { describeValue } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import type { IoTensorInfo } from "../../io/tensor-infos.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import { TF_TYPES } from "./data-types.ts";

/** Name of the one signature that each model has. */
export const SIGNATURE = "serving_default";
/** What the signature is for. */
export const METHOD = "tensorflow/serving/predict";

/** Throws INVALID_ARGUMENT for a signature that is asked for and is not the one that there is. */
export function assertSignature(name: unknown): void {
  if (name === SIGNATURE || name === "" || name === null || name === undefined) return;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `signature_name: expected ${JSON.stringify(SIGNATURE)}, the only signature of a model, got ${describeValue(name)}`,
  );
}

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
  return { dtype: TF_TYPES[dtype].name, tensor_shape: { dim, unknown_rank: false }, name: graphName(name) };
}

/** The name of a tensor in a graph: that of an operation and the number of its result. */
export function graphName(name: string): string {
  return `${name}:0`;
}
