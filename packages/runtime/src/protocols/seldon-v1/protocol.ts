import type { Protocol } from "../types.ts";
import { grpcRoutes } from "./grpc/routes.ts";
import { toErrorReply } from "./rest/error-reply.ts";
import { httpRoutes, ownPaths } from "./rest/routes.ts";

/** Seldon v1: what a component answers over REST and gRPC. */
export const seldonProtocol: Protocol = {
  name: "seldon",
  pathPrefixes: [
    "/api",
    "/transform-input",
    "/transform-output",
    "/route",
    "/aggregate",
    "/send-feedback",
    "/health",
    "/metadata",
    "/seldon.json",
  ],
  ownPaths,
  httpRoutes,
  grpcRoutes,
  protoFiles: ["seldon.proto"],
  encodeError: toErrorReply,
};
