import type { HttpRoute } from "../../call/types.ts";
import type { Protocol, ProtocolHost } from "../types.ts";
import { createNativeApi, openNativeCall } from "./native-call.ts";
import { toProblemReply } from "./problem.ts";

/** The native protocol: `POST /<api>` for each API. */
export const nativeProtocol: Protocol = {
  name: "native",
  pathPrefixes: ["/"],
  httpRoutes: nativeRoutes,
  grpcRoutes: () => [],
  protoFiles: [],
  encodeError: toProblemReply,
};

function nativeRoutes({ definition, limits }: ProtocolHost): readonly HttpRoute[] {
  return definition.apis.map((api) => {
    const native = createNativeApi(api, limits);
    return {
      id: `native.${api.name}`,
      method: "POST",
      path: `/${api.name}`,
      stream: api.stream,
      open: (request) => openNativeCall(native, request),
    };
  });
}
