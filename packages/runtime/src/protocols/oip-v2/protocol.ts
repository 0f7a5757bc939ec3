import { createModelTable } from "../served-models/model-table.ts";
import type { Protocol } from "../types.ts";
import { grpcRoutes } from "./grpc/routes.ts";
import { toErrorReply } from "../served-models/error-reply.ts";
import { httpRoutes } from "./rest/routes.ts";

/** The Open Inference Protocol V2: `/v2…` over REST, `inference.GRPCInferenceService` over gRPC. */
export const oipV2Protocol: Protocol = {
  name: "v2",
  pathPrefixes: ["/v2"],
  httpRoutes: (host) => httpRoutes(host, createModelTable(host.definition, { secondName: host.modelName })),
  grpcRoutes: (host) => grpcRoutes(host, createModelTable(host.definition, { secondName: host.modelName })),
  protoFiles: ["open_inference.proto"],
  encodeError: toErrorReply,
};
