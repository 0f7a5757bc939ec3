import type { GrpcInfoRoute, GrpcRoute } from "../../call/types.ts";
import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { createMessageLimits } from "../served-models/message-limits.ts";
import { createModelTable, type ModelTable } from "../served-models/model-table.ts";
import type { ProtocolHost } from "../types.ts";
import { delimitedTag, ProtoReader } from "../wire/proto-reader.ts";
import { encodeModelMetadata, encodeModelStatus } from "./encode-replies.ts";
import { findModel } from "./find-model.ts";
import { readModelSpec } from "./model-spec.ts";
import { openPredictCall } from "./predict-call.ts";

/** Files of `protos/` that hold the services. */
export const PROTO_FILES = [
  "tensorflow_serving/apis/prediction_service.proto",
  "tensorflow_serving/apis/model_service.proto",
] as const;

const PREDICTION_SERVICE = "tensorflow.serving.PredictionService";

/** The methods of TensorFlow Serving over gRPC. */
export function grpcRoutes(host: ProtocolHost): readonly (GrpcRoute | GrpcInfoRoute)[] {
  const models = createModelTable(host.definition, { secondName: host.modelName });
  const prediction = { models, limits: createMessageLimits(host) };
  return [
    {
      id: "kserveV1.grpc.predict",
      service: PREDICTION_SERVICE,
      method: "Predict",
      stream: false,
      open: (request) => openPredictCall(prediction, request),
    },
    question({ id: "metadata", service: PREDICTION_SERVICE, method: "GetModelMetadata" }, (message) =>
      metadataOf(models, message),
    ),
    question({ id: "status", service: "tensorflow.serving.ModelService", method: "GetModelStatus" }, (message) =>
      statusOf(models, message, host.isReady()),
    ),
  ];
}

function question(
  { id, service, method }: Pick<GrpcInfoRoute, "id" | "service" | "method">,
  answer: GrpcInfoRoute["answer"],
): GrpcInfoRoute {
  return { id: `kserveV1.grpc.${id}`, protocol: "kserveV1", service, method, isPublic: false, answer };
}

function metadataOf(models: ModelTable, message: Buffer): Buffer {
  const spec = readModelSpec(new ProtoReader(message));
  const model = findModel(models, spec);
  const unknown = readMetadataFields(new ProtoReader(message)).find((field) => field !== "signature_def");
  if (unknown === undefined) return encodeModelMetadata({ name: spec.name, model });
  throw new ServingError("INVALID_ARGUMENT", `metadata_field: expected "signature_def", got ${quote(unknown)}`);
}

const METADATA_FIELD = 2;

function readMetadataFields(reader: ProtoReader): readonly string[] {
  const fields: string[] = [];
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(METADATA_FIELD)) fields.push(reader.text());
    else reader.skip(tag);
  }
  return fields;
}

function statusOf(models: ModelTable, message: Buffer, isReady: boolean): Buffer {
  const spec = readModelSpec(new ProtoReader(message));
  const isOne = spec.version !== undefined || spec.label !== undefined;
  return encodeModelStatus(isOne ? [findModel(models, spec)] : models.versionsOf(spec.name), { isReady });
}
