import { COMMON_HEADERS } from "./error-responses.ts";
import type { JsonObject } from "./json-object.ts";

/** Under which heading the probes stand. */
export const PROBE_TAG = {
  name: "Health",
  description: "Probes for orchestrators and load balancers.",
} as const satisfies JsonObject;

/** `GET /healthz` and `GET /readyz`, which never ask for credentials; that is said where the server `isAsking` for them else. */
export function probePaths(isAsking: boolean): JsonObject {
  const open: JsonObject = isAsking ? { security: [] } : {};
  return {
    "/healthz": {
      get: {
        operationId: "healthz",
        tags: [PROBE_TAG.name],
        summary: "Whether the server lives",
        ...open,
        responses: {
          200: probeReply("It lives.", { type: "object", required: ["live"], properties: { live: { const: true } } }),
        },
      },
    },
    "/readyz": {
      get: {
        operationId: "readyz",
        tags: [PROBE_TAG.name],
        summary: "Whether every worker has loaded and warmed every model",
        ...open,
        parameters: [
          {
            name: "verbose",
            in: "query",
            description: "Adds a line for each worker and model.",
            allowEmptyValue: true,
            schema: { type: "boolean" },
          },
        ],
        responses: { 200: probeReply("Ready.", READINESS), 503: probeReply("Not ready, or shutting down.", READINESS) },
      },
    },
  };
}

const READINESS: JsonObject = {
  type: "object",
  required: ["ready", "phase", "workersReady", "workersWanted"],
  properties: {
    ready: { type: "boolean" },
    phase: { type: "string", enum: ["starting", "serving", "draining", "stopped"] },
    workersReady: { type: "integer", minimum: 0 },
    workersWanted: { type: "integer", minimum: 0 },
    workers: { type: "array", items: { type: "object" } },
  },
};

function probeReply(description: string, schema: JsonObject): JsonObject {
  return { description, headers: COMMON_HEADERS, content: { "application/json": { schema } } };
}
