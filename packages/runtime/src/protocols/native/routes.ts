import type { GrpcRoute, HttpRoute } from "../../call/types.ts";
import type { ApiDefinition } from "../../definition/types.ts";
import { createNativeMethod, openNativeGrpcCall } from "./grpc/native-grpc-call.ts";
import type { Protocol, ProtocolHost } from "../types.ts";
import { createNativeApi, openNativeCall } from "./native-call.ts";
import { toProblemReply } from "./problem.ts";

/** The native protocol: `POST /<api>` and `bento.<service>.v1.<Service>/<Api>` for each API. */
export const nativeProtocol: Protocol = {
  name: "native",
  pathPrefixes: ["/"],
  httpRoutes: nativeRoutes,
  grpcRoutes: nativeMethods,
  protoFiles: [],
  encodeError: toProblemReply,
};

/** The APIs that answer natively: all but one whose path is another protocol's. */
export function nativeApis({
  definition,
  predictOwner,
}: Pick<ProtocolHost, "definition" | "predictOwner">): readonly ApiDefinition[] {
  return definition.apis.filter(({ name }) => name !== "predict" || predictOwner === "native");
}

function nativeRoutes(host: ProtocolHost): readonly HttpRoute[] {
  return nativeApis(host).map((api) => {
    const native = createNativeApi(api, host.limits);
    return {
      id: `native.${api.name}`,
      method: "POST",
      path: `/${api.name}`,
      api: api.name,
      stream: api.stream,
      open: (request) => openNativeCall(native, request),
    };
  });
}

function nativeMethods({ proto, limits }: ProtocolHost): readonly GrpcRoute[] {
  return proto.methods.map((method) => {
    const native = createNativeMethod(method, limits);
    return {
      id: `native.${method.api.name}`,
      service: `${proto.package}.${proto.service}`,
      method: method.name,
      api: method.api.name,
      stream: method.api.stream,
      open: (request) => openNativeGrpcCall(native, request),
    };
  });
}
