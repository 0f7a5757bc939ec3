import type { HttpInfoRoute, HttpRoute } from "../../../call/types.ts";
import type { ModelTable } from "../../served-models/model-table.ts";
import type { ProtocolHost } from "../../types.ts";
import { openInferCall } from "../infer-call.ts";
import { infoRoutes, MODEL_PATHS } from "./info-routes.ts";
import { RestInferWire } from "./infer-wire.ts";

/** The routes below `/v2`. */
export function httpRoutes(host: ProtocolHost, models: ModelTable): readonly (HttpRoute | HttpInfoRoute)[] {
  const inference = { models, limits: host.limits };
  const infer = MODEL_PATHS.map((path, index): HttpRoute => ({
    id: index === 0 ? "v2.infer" : "v2.version.infer",
    method: "POST",
    path: `${path}/infer`,
    stream: false,
    open: (request) => openInferCall(new RestInferWire(request, inference)),
  }));
  return [...infer, ...infoRoutes(host, models)];
}
