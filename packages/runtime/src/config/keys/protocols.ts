import type { KeyRow } from "../key-row.ts";
import { boolean, orOnly } from "../key-types.ts";

const reason = "every caller is answered in the protocol that it speaks, by the same rules";

/** Keys about which protocols the server speaks. */
export const PROTOCOL_KEYS = {
  "server.protocols.native": {
    type: boolean(),
    default: true,
    reason,
    doc: "The typed API of the service: `POST /<api>`, gRPC by its own `.proto`, OpenAPI and Swagger UI.",
  },
  "server.protocols.v2": {
    type: boolean(),
    default: true,
    reason,
    doc: "Open Inference Protocol V2: `/v2…` and `inference.GRPCInferenceService`.",
  },
  "server.protocols.kserveV1": {
    type: boolean(),
    default: true,
    reason,
    doc: "KServe V1 and TensorFlow Serving: `/v1/models…` and `tensorflow.serving.PredictionService`.",
  },
  "server.protocols.seldon": {
    type: orOnly(boolean()),
    default: true,
    reason,
    doc: "Seldon v1: `/api/v1.0/predictions`, `/predict` and more, and its gRPC services. `only` gives it the path `/predict` also where an API has that name; so does a Seldon deployment.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
