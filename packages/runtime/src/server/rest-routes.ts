import type { HttpInfoRoute, HttpReply, HttpRoute } from "../call/types.ts";
import type { ServerConfig } from "../config/types.ts";
import { PROTOCOLS } from "../protocols/all.ts";
import { toProblemReply } from "../protocols/native/problem.ts";
import type { Protocol, ProtocolHost } from "../protocols/types.ts";
import { readinessReply } from "../telemetry/readiness.ts";
import { metricsRoute } from "./metrics-route.ts";
import type { StateCell } from "./state-cell.ts";

/** The protocols that a server speaks. */
export function spokenProtocols(spoken: ServerConfig["protocols"]): readonly Protocol[] {
  const names = Object.keys(PROTOCOLS) as (keyof typeof PROTOCOLS)[];
  return names.filter((name) => spoken[name] !== false).map((name) => PROTOCOLS[name]);
}

/** What routes of the server itself tell. */
export interface ServerTold {
  /** Metrics on the REST port; undefined where they are on the admin port alone. */
  readonly metricsText: (() => Promise<string>) | undefined;
  readonly state: Pick<StateCell, "get">;
}

/** Every REST route of a server but those of its documentation. */
export function restRoutes(
  protocols: readonly Protocol[],
  host: ProtocolHost,
  { metricsText, state }: ServerTold,
): readonly (HttpRoute | HttpInfoRoute)[] {
  const metrics = metricsText === undefined ? [] : [metricsRoute(metricsText)];
  return [...protocols.flatMap((protocol) => protocol.httpRoutes(host)), ...metrics, ...probeRoutes(state)];
}

function probeRoutes(state: ServerTold["state"]): readonly HttpInfoRoute[] {
  const json = (status: number, body: unknown): HttpReply => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const probe = { protocol: "native", method: "GET", isPublic: true, encodeError: toProblemReply } as const;
  return [
    { ...probe, id: "healthz", path: "/healthz", answer: () => json(200, { live: true }) },
    {
      ...probe,
      id: "readyz",
      path: "/readyz",
      answer: (request) => {
        const reply = readinessReply(state.get(), { verbose: request.query.has("verbose"), internals: false });
        return json(reply.status, reply.body);
      },
    },
  ];
}
