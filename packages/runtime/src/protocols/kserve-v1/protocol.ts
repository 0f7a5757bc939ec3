import type { Protocol } from "../types.ts";
import { toErrorReply } from "../served-models/error-reply.ts";
import { grpcRoutes, PROTO_FILES } from "../tensorflow/routes.ts";
import { httpRoutes } from "./routes.ts";

/** KServe V1 and TensorFlow Serving: `/v1/models…` over REST, `tensorflow.serving.PredictionService` and `ModelService` over gRPC. */
export const kserveV1Protocol: Protocol = {
  name: "kserveV1",
  pathPrefixes: ["/v1"],
  httpRoutes,
  grpcRoutes,
  protoFiles: PROTO_FILES,
  encodeError: toErrorReply,
};
