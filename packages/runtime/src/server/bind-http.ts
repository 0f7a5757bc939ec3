import type { HttpInfoRoute, HttpReply, HttpRequest, HttpRoute } from "../call/types.ts";
import type { SecurityConfig } from "../config/security/types.ts";
import type { ServingError } from "../errors.ts";
import { serveCall } from "../pipeline/serve-call.ts";
import { serveInfo } from "../pipeline/serve-info.ts";
import { serveStream } from "../pipeline/serve-stream.ts";
import type { Stages } from "../pipeline/stages.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";
import type { BoundRoute } from "../transports/http/create-app.ts";
import { isOpened } from "./security/is-opened.ts";
import { toRecorded } from "./to-recorded.ts";

/** Joins each HTTP route with the pipeline. */
export function bindHttpRoutes(
  routes: readonly (HttpRoute | HttpInfoRoute)[],
  stages: Stages,
  opened: SecurityConfig["public"],
): BoundRoute[] {
  return routes.map((route) => ({
    id: route.id,
    method: route.method,
    path: route.path,
    isPublic: "isPublic" in route && route.isPublic,
    handle: (request): Promise<HttpReply> => {
      if ("answer" in route)
        return askHttp(route, request, { stages, isPublic: route.isPublic || isOpened(route.id, opened) });
      return route.stream ? serveStream(route.open(request), stages) : serveCall(route.open(request), stages);
    },
  }));
}

/** The reply for an error outside of a call, in the shape of the protocol whose path it is. */
export function errorShapes(
  protocolOf: (path: string) => Protocol,
): (error: ServingError, requestId: string, path: string) => HttpReply {
  return (error, requestId, path) => protocolOf(path).encodeError(error, requestId);
}

/** Whose a path is: that protocol's with the longest prefix. */
export function ownersOfPaths(
  protocols: readonly Protocol[],
  host: ProtocolHost,
  fallback: Protocol,
): (path: string) => Protocol {
  const prefixesOf = (protocol: Protocol): readonly string[] => [
    ...protocol.pathPrefixes,
    ...(protocol.ownPaths?.(host) ?? []),
  ];
  const rows = protocols.flatMap((protocol) => prefixesOf(protocol).map((prefix) => ({ prefix, protocol })));
  rows.sort((a, b) => b.prefix.length - a.prefix.length);
  const isBelow = (path: string, prefix: string): boolean =>
    path === prefix || prefix === "/" || path.startsWith(`${prefix}/`);
  return (path) => rows.find(({ prefix }) => isBelow(path, prefix))?.protocol ?? fallback;
}

/** Asks who sends a request that is answered outside of the protocols, and records it; gives why it is refused. */
export function admitHttp(
  request: HttpRequest,
  { isPublic }: { readonly isPublic: boolean },
  stages: Stages,
): Promise<ServingError | undefined> {
  return serveInfo<ServingError | undefined>(
    {
      call: toRecorded(request, "native"),
      isPublic,
      answer: () => undefined,
      encodeError: (refusal) => refusal,
    },
    stages,
  );
}

function askHttp(
  route: HttpInfoRoute,
  request: HttpRequest,
  { stages, isPublic }: { readonly stages: Stages; readonly isPublic: boolean },
): Promise<HttpReply> {
  return serveInfo(
    {
      call: toRecorded(request, route.protocol),
      isPublic,
      answer: () => route.answer(request),
      encodeError: (error) => route.encodeError(error, request.requestId),
    },
    stages,
  );
}
