import type { HttpRoute } from "../../call/types.ts";
import type { ServiceDefinition } from "../../definition/types.ts";
import { createNativeApi, openNativeCall } from "./native-call.ts";

/** The routes of the native protocol: `POST /<api>` for each API. */
export function nativeRoutes(
  definition: ServiceDefinition,
  limits: { readonly jsonBytes: number; readonly binaryBytes: number },
): readonly HttpRoute[] {
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
