import type { IoTensorInfo } from "../../io/tensor-infos.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { ModelTable } from "../served-models/model-table.ts";
import type { ProtocolHost } from "../types.ts";
import { freeAsMinusOne, platformOf } from "./model-facts.ts";

/** A model as Triton describes it; keys as in its JSON. Shapes are whole: the batch is among them, so `max_batch_size` is 0. */
export interface ModelConfig {
  readonly name: string;
  readonly platform: string;
  readonly backend: string;
  readonly max_batch_size: 0;
  readonly input: readonly ConfigTensor[];
  readonly output: readonly ConfigTensor[];
}

export interface ConfigTensor {
  readonly name: string;
  readonly data_type: ConfigType;
  readonly dims: readonly number[];
}

/** Triton's names of the element types, with their numbers in its enum DataType. */
export const CONFIG_TYPES = {
  TYPE_BOOL: 1,
  TYPE_UINT8: 2,
  TYPE_UINT16: 3,
  TYPE_UINT32: 4,
  TYPE_UINT64: 5,
  TYPE_INT8: 6,
  TYPE_INT16: 7,
  TYPE_INT32: 8,
  TYPE_INT64: 9,
  TYPE_FP16: 10,
  TYPE_FP32: 11,
  TYPE_FP64: 12,
  TYPE_STRING: 13,
  TYPE_BF16: 14,
} as const;

export type ConfigType = keyof typeof CONFIG_TYPES;

const TYPE_OF = {
  bool: "TYPE_BOOL",
  uint8: "TYPE_UINT8",
  uint16: "TYPE_UINT16",
  uint32: "TYPE_UINT32",
  uint64: "TYPE_UINT64",
  int8: "TYPE_INT8",
  int16: "TYPE_INT16",
  int32: "TYPE_INT32",
  int64: "TYPE_INT64",
  float16: "TYPE_FP16",
  float32: "TYPE_FP32",
  float64: "TYPE_FP64",
  string: "TYPE_STRING",
  bfloat16: "TYPE_BF16",
} as const satisfies Record<DType, ConfigType>;

/** The configuration of a version of a model under the name by which it was asked for. Throws NOT_FOUND. */
export function modelConfig(
  host: ProtocolHost,
  models: ModelTable,
  { name, version }: { readonly name: string; readonly version: string | undefined },
): ModelConfig {
  const model = models.find(name, version);
  return {
    name,
    ...platformOf(host, model),
    max_batch_size: 0,
    input: model.inputs.map(configTensor),
    output: model.outputs.map(configTensor),
  };
}

function configTensor({ name, dtype, shape }: IoTensorInfo): ConfigTensor {
  return { name, data_type: TYPE_OF[dtype], dims: freeAsMinusOne(shape) };
}
