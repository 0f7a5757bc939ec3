import type { GrpcInfoRoute, GrpcRequest, HttpInfoRoute, HttpReply, HttpRequest, RecordedCall } from "../call/types.ts";
import { Canceller } from "../call/cancellation.ts";
import type { ServingError } from "../errors.ts";
import { serveCall } from "../pipeline/serve-call.ts";
import { serveInfo } from "../pipeline/serve-info.ts";
import { serveStream } from "../pipeline/serve-stream.ts";
import type { Stages } from "../pipeline/stages.ts";
import { toGrpcError, toGrpcReply } from "../protocols/grpc/grpc-error.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";
import type { BoundMethod } from "../transports/grpc/create-grpc-server.ts";
import type { BoundRoute } from "../transports/http/create-app.ts";

/** Largest message that a question may have; those of real callers hold a name. */
const MAX_INQUIRY_BYTES = 64 * 1024;

/** Joins each HTTP route of the protocols with the pipeline. */
export function bindHttpRoutes(protocols: readonly Protocol[], host: ProtocolHost, stages: Stages): BoundRoute[] {
  return protocols.flatMap((protocol) =>
    protocol.httpRoutes(host).map((route) => ({
      id: route.id,
      method: route.method,
      path: route.path,
      handle: (request): Promise<HttpReply> => {
        if ("answer" in route) return askHttp(route, request, stages);
        return route.stream ? serveStream(route.open(request), stages) : serveCall(route.open(request), stages);
      },
    })),
  );
}

/** Joins each gRPC method of the protocols with the pipeline. */
export function bindGrpcMethods(protocols: readonly Protocol[], host: ProtocolHost, stages: Stages): BoundMethod[] {
  return protocols.flatMap((protocol) =>
    protocol.grpcRoutes(host).map((route) => ({
      service: route.service,
      method: route.method,
      handle: (request) => {
        if ("answer" in route) return askGrpc(route, request, stages);
        return route.stream ? serveStream(route.open(request), stages) : serveCall(route.open(request), stages);
      },
    })),
  );
}

/** The reply for an error outside of a call, in the shape of the protocol whose path it is: that with the longest prefix. */
export function errorShapes(
  protocols: readonly Protocol[],
  fallback: Protocol,
): (error: ServingError, requestId: string, path: string) => HttpReply {
  const rows = protocols.flatMap((protocol) => protocol.pathPrefixes.map((prefix) => ({ prefix, protocol })));
  rows.sort((a, b) => b.prefix.length - a.prefix.length);
  const isBelow = (path: string, prefix: string): boolean =>
    path === prefix || prefix === "/" || path.startsWith(`${prefix}/`);
  return (error, requestId, path) => {
    const { protocol } = rows.find(({ prefix }) => isBelow(path, prefix)) ?? { protocol: fallback };
    return protocol.encodeError(error, requestId);
  };
}

function askHttp(route: HttpInfoRoute, request: HttpRequest, stages: Stages): Promise<HttpReply> {
  return serveInfo(
    {
      call: toRecorded(request, route.protocol, request.method),
      isPublic: route.isPublic,
      answer: () => route.answer(request),
      encodeError: (error) => route.encodeError(error, request.requestId),
    },
    stages,
  );
}

function askGrpc(route: GrpcInfoRoute, request: GrpcRequest, stages: Stages): ReturnType<BoundMethod["handle"]> {
  return serveInfo(
    {
      call: toRecorded(request, route.protocol, "gRPC"),
      isPublic: route.isPublic,
      answer: async () => toGrpcReply(await route.answer(await request.readMessage(INQUIRY), request)),
      encodeError: (error) => toGrpcError(error, request.requestId),
    },
    stages,
  );
}

const INQUIRY = { maxBytes: MAX_INQUIRY_BYTES, limitName: "this method", signal: new Canceller() };

function toRecorded(request: HttpRequest | GrpcRequest, protocol: string, method: string): RecordedCall {
  const { requestId, route, peerIp, clientIp, headers } = request;
  return {
    requestId,
    protocol,
    method,
    route,
    peerIp,
    clientIp,
    headers,
    userAgent: headers["user-agent"],
    bytesIn: () => 0,
    bytesOut: () => undefined,
  };
}
