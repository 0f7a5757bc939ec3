import type { HttpInfoRoute, HttpReply, HttpRequest, HttpRoute } from "../call/types.ts";
import type { ServingError } from "../errors.ts";
import { serveCall } from "../pipeline/serve-call.ts";
import { serveInfo } from "../pipeline/serve-info.ts";
import { serveStream } from "../pipeline/serve-stream.ts";
import type { Stages } from "../pipeline/stages.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";
import type { BoundRoute } from "../transports/http/create-app.ts";
import { toRecorded } from "./to-recorded.ts";

/** Joins each HTTP route with the pipeline. */
export function bindHttpRoutes(routes: readonly (HttpRoute | HttpInfoRoute)[], stages: Stages): BoundRoute[] {
  return routes.map((route) => ({
    id: route.id,
    method: route.method,
    path: route.path,
    handle: (request): Promise<HttpReply> => {
      if ("answer" in route) return askHttp(route, request, stages);
      return route.stream ? serveStream(route.open(request), stages) : serveCall(route.open(request), stages);
    },
  }));
}

/** The reply for an error outside of a call, in the shape of the protocol whose path it is: that with the longest prefix. */
export function errorShapes(
  protocols: readonly Protocol[],
  host: ProtocolHost,
  fallback: Protocol,
): (error: ServingError, requestId: string, path: string) => HttpReply {
  const prefixesOf = (protocol: Protocol): readonly string[] => [
    ...protocol.pathPrefixes,
    ...(protocol.ownPaths?.(host) ?? []),
  ];
  const rows = protocols.flatMap((protocol) => prefixesOf(protocol).map((prefix) => ({ prefix, protocol })));
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
      call: toRecorded(request, route.protocol),
      isPublic: route.isPublic,
      answer: () => route.answer(request),
      encodeError: (error) => route.encodeError(error, request.requestId),
    },
    stages,
  );
}
