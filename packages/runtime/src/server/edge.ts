import { createEdgeGuard, type EdgeGuard } from "../auth/edge/edge-guard.ts";
import { openSecret } from "../auth/files/secret.ts";
import type { CallRequest } from "../call/types.ts";
import type { Config } from "../config/types.ts";
import { type ServingError, toServingError } from "../errors.ts";
import type { Recorder } from "../pipeline/stages.ts";
import { createCors } from "../transports/http/cors.ts";
import { createHttpEdge, type HttpEdge } from "../transports/http/http-edge.ts";
import type { SecurityEvents } from "./security/security-events.ts";
import { toRecorded } from "./to-recorded.ts";

/** What decides of requests before it is known who calls. */
export interface Edge {
  readonly guard: EdgeGuard;
  close(): void;
}

/** Makes the guard that the configuration asks for. Throws FAILED_PRECONDITION when the gateway's secret can't be had. */
export async function openEdge({ security }: Config, events: Pick<SecurityEvents, "reloaded">): Promise<Edge> {
  const { ipFilter, edgeHeader } = security;
  const secret =
    edgeHeader === null
      ? undefined
      : await openSecret({
          key: "security.edgeHeader.value",
          place: edgeHeader.value,
          onFault: (error) => events.reloaded("edge-header", error),
          onChange: () => events.reloaded("edge-header", undefined),
        });
  const header =
    edgeHeader === null || secret === undefined ? undefined : { name: edgeHeader.name, secret: secret.value };
  return {
    guard: createEdgeGuard({ ipFilter, header }),
    close: () => secret?.close(),
  };
}

/** What REST says and decides before any route. */
export function httpEdgeOf(
  { guard }: Edge,
  { server }: Config,
  record: (request: CallRequest, error: ServingError) => ServingError | Promise<ServingError>,
): HttpEdge {
  return createHttpEdge({ guard, cors: createCors(server.cors), trustedProxies: server.trustedProxies, record });
}

/** Makes what writes a refusal at the edge down as a call that was refused; it gives the error to answer with. */
export function recordRefusals(
  recorder: Recorder,
  protocolOf: (route: string) => string,
): (request: CallRequest, error: ServingError) => ServingError | Promise<ServingError> {
  return (request, error) => {
    try {
      const refusal = recorder.open(toRecorded(request, protocolOf(request.route))).close(error);
      return refusal instanceof Promise ? refusal.then((late) => late ?? error) : (refusal ?? error);
    } catch (thrown) {
      // It can't be written down: then that is the answer.
      return toServingError(thrown);
    }
  };
}
