import type { HttpInfoRoute, HttpRoute } from "../../../call/types.ts";
import type { ModelTable } from "../../served-models/model-table.ts";
import type { ProtocolHost } from "../../types.ts";
import { openInferCall } from "../infer-call.ts";
import { RestInferWire } from "./infer-wire.ts";

const MODEL = "/v2/models/:model";
const VERSION = `${MODEL}/versions/:version`;

/** The routes below `/v2`. */
export function httpRoutes(host: ProtocolHost, models: ModelTable): readonly (HttpRoute | HttpInfoRoute)[] {
  const inference = { models, limits: host.limits };
  return [MODEL, VERSION].map((path) => ({
    id: path === MODEL ? "v2.infer" : "v2.version.infer",
    method: "POST",
    path: `${path}/infer`,
    stream: false,
    open: (request) => openInferCall(new RestInferWire(request, inference)),
  }));
}
