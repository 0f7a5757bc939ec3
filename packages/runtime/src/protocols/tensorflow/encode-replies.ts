import type { IoTensorInfo } from "../../io/tensor-infos.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ServedModel } from "../served-models/model-table.ts";
import { ProtoWriter } from "../wire/proto-writer.ts";
import { TF_TYPES } from "./data-types.ts";
import { writeModelSpec } from "./model-spec.ts";
import { graphName, METHOD, SIGNATURE } from "./signature.ts";
import { writeTensorProto } from "./tensor-proto.ts";
import { writeShape } from "./tensor-shape.ts";

/** A model, and the name by which the caller asked for it. */
export interface NamedModel {
  readonly name: string;
  readonly model: ServedModel;
}

const PREDICT_RESPONSE = { outputs: 1, modelSpec: 2 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/** A `tensorflow.serving.PredictResponse`; values stand in the lists of their types, as TensorFlow Serving answers. */
export function encodePredictResponse(
  { name, model }: NamedModel,
  outputs: readonly (readonly [string, Tensor])[],
): Buffer {
  const writer = new ProtoWriter(outputs.reduce((sum, [, tensor]) => sum + guessBytes(tensor), 256));
  writeModelSpec(writer, PREDICT_RESPONSE.modelSpec, { name, version: model.version, signature: SIGNATURE });
  for (const [output, tensor] of outputs.toReversed())
    writer.message(PREDICT_RESPONSE.outputs, () => {
      writer.message(ENTRY.value, () => writeTensorProto(writer, tensor, "lists"));
      writer.text(ENTRY.key, output);
    });
  return writer.finish();
}

/** About what a tensor takes: floats as in memory, numbers and texts by a guess that may be too small. */
function guessBytes({ dtype, data }: Tensor): number {
  return 128 + (dtype === "float64" ? 8 : 4) * data.length;
}

const METADATA_RESPONSE = { modelSpec: 1, metadata: 2 } as const;
const ANY = { typeUrl: 1, value: 2 } as const;
const SIGNATURE_DEF = { inputs: 1, outputs: 2, methodName: 3 } as const;
/** Field `signature_def` of a SignatureDefMap. */
const SIGNATURES = 1;

/** A `tensorflow.serving.GetModelMetadataResponse` with the signature of a model. */
export function encodeModelMetadata({ name, model }: NamedModel): Buffer {
  const writer = new ProtoWriter(4096);
  writer.message(METADATA_RESPONSE.metadata, () => {
    writer.message(ENTRY.value, () => {
      writer.message(ANY.value, () =>
        writer.message(SIGNATURES, () => {
          writer.message(ENTRY.value, () => writeSignature(writer, model));
          writer.text(ENTRY.key, SIGNATURE);
        }),
      );
      writer.text(ANY.typeUrl, "type.googleapis.com/tensorflow.serving.SignatureDefMap");
    });
    writer.text(ENTRY.key, "signature_def");
  });
  writeModelSpec(writer, METADATA_RESPONSE.modelSpec, { name, version: model.version, signature: "" });
  return writer.finish();
}

function writeSignature(writer: ProtoWriter, { inputs, outputs }: ServedModel): void {
  writer.text(SIGNATURE_DEF.methodName, METHOD);
  writeInfos(writer, SIGNATURE_DEF.outputs, outputs);
  writeInfos(writer, SIGNATURE_DEF.inputs, inputs);
}

const TENSOR_INFO = { name: 1, dtype: 2, shape: 3 } as const;

function writeInfos(writer: ProtoWriter, field: number, infos: readonly IoTensorInfo[]): void {
  for (const { name, dtype, shape } of infos.toReversed())
    writer.message(field, () => {
      writer.message(ENTRY.value, () => {
        const sizes = shape.map((size) => size ?? -1);
        writeShape(writer, TENSOR_INFO.shape, sizes);
        writer.varint(TENSOR_INFO.dtype, TF_TYPES[dtype].code);
        writer.text(TENSOR_INFO.name, graphName(name));
      });
      writer.text(ENTRY.key, name);
    });
}

const STATUS_RESPONSE = { versions: 1 } as const;
const VERSION_STATUS = { version: 1, state: 2, status: 3 } as const;
const STATE = { loading: 20, available: 30 } as const;

/** A `tensorflow.serving.GetModelStatusResponse`: the versions of a model, all in the state of the server. */
export function encodeModelStatus(models: readonly ServedModel[], { isReady }: { readonly isReady: boolean }): Buffer {
  const writer = new ProtoWriter(64 * models.length);
  for (const { version } of models.toReversed())
    writer.message(STATUS_RESPONSE.versions, () => {
      // An empty StatusProto is OK.
      writer.message(VERSION_STATUS.status, () => undefined);
      writer.varint(VERSION_STATUS.state, isReady ? STATE.available : STATE.loading);
      writer.varint(VERSION_STATUS.version, Number(version));
    });
  return writer.finish();
}
