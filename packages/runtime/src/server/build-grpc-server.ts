import type { EdgeGuard } from "../auth/edge/edge-guard.ts";
import { Canceller } from "../call/cancellation.ts";
import type { Config } from "../config/types.ts";
import type { Stages } from "../pipeline/stages.ts";
import { ServingError } from "../errors.ts";
import { refuseUnrouted } from "../pipeline/refuse-unrouted.ts";
import { toGrpcError } from "../protocols/grpc/grpc-error.ts";
import { readProtoFile } from "../protocols/grpc/proto-folder.ts";
import { printProto, protoFileName } from "../protocols/proto/print-proto.ts";
import type { DescriptorPool } from "../protocols/reflection/descriptor-pool.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";
import { createGrpcServer, type GrpcServer } from "../transports/grpc/create-grpc-server.ts";
import { bindGrpcMethods } from "./bind-grpc.ts";
import { recordRefusals } from "./edge.ts";
import { grpcRoutes } from "./grpc-routes.ts";

/** Files of `protos/` with the services that every server has. */
const OWN_FILES: readonly string[] = [
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto",
];

/** What gRPC shares with REST. */
export interface GrpcServerParts {
  readonly config: Config;
  readonly stages: Stages;
  readonly guard: EdgeGuard;
}

/** Joins the protocols' services, and health and reflection over all of them, with pipeline and transport. */
export function buildGrpcServer(
  protocols: readonly Protocol[],
  host: ProtocolHost,
  { config: { server, security }, stages, guard }: GrpcServerParts,
): GrpcServer {
  const descriptors = lazyDescriptors([...protocols.flatMap(({ protoFiles }) => protoFiles), ...OWN_FILES], host);
  const routes = grpcRoutes(protocols, host, descriptors);
  const protocolOf = new Map(
    protocols.flatMap((protocol) =>
      protocol.grpcRoutes(host).map(({ service, method }) => [`/${service}/${method}`, protocol.name]),
    ),
  );
  const stopping = new Canceller();
  const grpc = createGrpcServer({
    methods: bindGrpcMethods(routes, stages, { stopping, opened: security.public, timeoutMs: server.requestTimeoutMs }),
    unknown: async (request) => {
      const error = new ServingError("UNIMPLEMENTED", "this server has no such method");
      const refusal = await refuseUnrouted({ request, protocol: "grpc", error }, stages, { isReadable: true });
      return toGrpcError(refusal, request.requestId);
    },
    trustedProxies: server.trustedProxies,
    edge: { guard, record: recordRefusals(stages.recorder, (route) => protocolOf.get(route) ?? "health") },
    maxConnectionAgeMs: server.maxConnectionAgeMs,
    requestTimeoutMs: server.requestTimeoutMs,
    untakenBytes: server.limits.queueBytes,
    headersBytes: server.limits.headersBytes,
  });
  return {
    ...grpc,
    drain: () => {
      stopping.abort(undefined);
      return grpc.drain();
    },
  };
}

/** Made when a client first asks: most servers are never asked, and what parses the files takes as long to load as a small server. */
function lazyDescriptors(files: readonly string[], { proto }: ProtocolHost): () => Promise<DescriptorPool> {
  const own = protoFileName(proto);
  const read = (name: string): Promise<string> =>
    name === own ? Promise.resolve(printProto(proto)) : readProtoFile(name);
  let pool: Promise<DescriptorPool> | undefined;
  return () => {
    pool ??= import("../protocols/reflection/descriptor-pool.ts").then(({ createDescriptorPool }) =>
      createDescriptorPool([own, ...files], read),
    );
    return pool;
  };
}
