import type { HttpInfoRoute, HttpMethod, HttpRoute } from "../../../call/types.ts";
import type { ProtocolHost } from "../../types.ts";
import { OPERATIONS, type SeldonOperation } from "../operations.ts";
import { openSeldonCall } from "../seldon-call.ts";
import { findTarget } from "../target.ts";
import { infoRoutes } from "./info-routes.ts";
import { RestSeldonWire } from "./rest-wire.ts";

/** Every REST route of a component. */
export function httpRoutes(host: ProtocolHost): readonly (HttpRoute | HttpInfoRoute)[] {
  return [...OPERATIONS.flatMap((operation) => operationRoutes(operation, host)), ...infoRoutes(host)];
}

/** `/predict` where it is Seldon's: only then its errors have Seldon's shape too. */
export function ownPaths({ predictOwner }: ProtocolHost): readonly string[] {
  return predictOwner === "seldon" ? ["/predict"] : [];
}

function operationRoutes(operation: SeldonOperation, host: ProtocolHost): readonly HttpRoute[] {
  const service = { operation, found: findTarget(host.definition, operation), host: host.seldon };
  const route = (method: HttpMethod, path: string): HttpRoute => ({
    id: `seldon.${operation.role}`,
    method,
    path,
    api: "api" in service.found ? service.found.api.name : null,
    stream: false,
    open: (request) => openSeldonCall(service, new RestSeldonWire(request, { operation, host })),
  });
  const isNative = operation.path === "/predict" && host.predictOwner === "native";
  return [
    ...(isNative ? [] : [route("GET", operation.path), route("POST", operation.path)]),
    ...operation.outerPaths.map((path) => route("POST", path)),
  ];
}
