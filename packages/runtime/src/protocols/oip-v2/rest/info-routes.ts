import type { HttpInfoRoute, HttpReply, HttpRequest } from "../../../call/types.ts";
import { stringifyJson } from "../../../io/json-text.ts";
import type { ModelTable } from "../../served-models/model-table.ts";
import type { ProtocolHost } from "../../types.ts";
import { modelConfig } from "../model-config.ts";
import { modelFacts, serverFacts } from "../model-facts.ts";
import { modelStatistics } from "../model-statistics.ts";
import { toErrorReply } from "../../served-models/error-reply.ts";

/** Path of a model, and of one version of it. */
export const MODEL_PATHS = ["/v2/models/:model", "/v2/models/:model/versions/:version"] as const;

/** The routes below `/v2` that tell of the server and its models. Source: Open Inference Protocol v2, "HTTP/REST"; Triton for config and stats. */
export function infoRoutes(host: ProtocolHost, models: ModelTable): readonly HttpInfoRoute[] {
  const statistics = async (name?: string, version?: string): Promise<HttpReply> => {
    const rows = await modelStatistics(host, models, { name, version });
    // Triton writes these three as well, and clients read them.
    const unknown = { response_stats: {}, batch_stats: [], memory_usage: [] };
    return json({ model_stats: rows.map((row) => ({ ...row, ...unknown })) });
  };
  return [
    route("v2.live", "/v2/health/live", () => json({ live: true }), { isPublic: true }),
    route("v2.ready", "/v2/health/ready", () => readiness(host, {}), { isPublic: true }),
    route("v2.server", "/v2", () => json(serverFacts(host))),
    route("v2.models", "/v2/models", () => json({ models: models.names })),
    route("v2.stats", "/v2/models/stats", () => statistics()),
    ...MODEL_PATHS.flatMap((path, index) => {
      const id = index === 0 ? "v2.model" : "v2.version";
      return [
        route(id, path, (request) => json(modelFacts(host, models, targetOf(request)))),
        route(`${id}.ready`, `${path}/ready`, (request) => {
          const { name, version } = targetOf(request);
          models.find(name, version);
          return readiness(host, { name });
        }),
        route(`${id}.config`, `${path}/config`, (request) => json(modelConfig(host, models, targetOf(request)))),
        route(`${id}.stats`, `${path}/stats`, (request) => {
          const { name, version } = targetOf(request);
          return statistics(name, version);
        }),
      ];
    }),
  ];
}

/** The name and version in a path. */
export function targetOf({ params }: HttpRequest): { readonly name: string; readonly version: string | undefined } {
  return { name: params["model"] ?? "", version: params["version"] };
}

/** Clients of KServe read the body, others only the status. */
function readiness(host: ProtocolHost, facts: { readonly name?: string }): HttpReply {
  const ready = host.isReady();
  return json({ ...facts, ready }, ready ? 200 : 503);
}

function route(
  id: string,
  path: string,
  answer: HttpInfoRoute["answer"],
  { isPublic = false }: { readonly isPublic?: boolean } = {},
): HttpInfoRoute {
  return { id, protocol: "v2", method: "GET", path, isPublic, answer, encodeError: toErrorReply };
}

function json(body: object, status = 200): HttpReply {
  return { status, headers: { "content-type": "application/json" }, body: stringifyJson(body) };
}
