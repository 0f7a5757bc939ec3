import type { HttpInfoRoute } from "../call/types.ts";
import { toProblemReply } from "../protocols/native/problem.ts";

/**
 * Metrics on the REST port, where KServe's scrapers look, who may reach no other port of a container. It asks for credentials where the server does.
 *
 * `text` gives the Prometheus text format of the whole server.
 */
export function metricsRoute(text: () => Promise<string>): HttpInfoRoute {
  return {
    id: "metrics",
    protocol: "native",
    method: "GET",
    path: "/metrics",
    isPublic: false,
    answer: async () => ({
      status: 200,
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      body: await text(),
    }),
    encodeError: toProblemReply,
  };
}
