import type { IncomingMessage } from "node:http";
import type { EdgeGuard, EdgeRoute } from "../../auth/edge/edge-guard.ts";
import { clientIpOf } from "../../call/client-ip.ts";
import type { HttpReply, HttpRequest } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { type Cors, isPreflight } from "./cors.ts";

/** What is decided of a request before its route, and said in every reply. */
export interface HttpEdge {
  /** Answers a request in place of its route; undefined lets it go on. `show` makes the request as records read it. */
  intercept(
    request: IncomingMessage,
    route: EdgeRoute | undefined,
    show: () => HttpRequest,
  ): HttpReply | ServingError | Promise<ServingError> | undefined;
  /** Names and values, in turn, of headers that every reply to this request has. */
  replyLines(request: IncomingMessage): readonly string[];
}

export interface HttpEdgeOptions {
  readonly guard: EdgeGuard;
  readonly cors: Cors | undefined;
  readonly trustedProxies: readonly string[];
  /** Writes a refusal down; gives the error to answer with. */
  record(request: HttpRequest, error: ServingError): ServingError | Promise<ServingError>;
}

/** A year: browsers come back over TLS alone. Sent over TLS only, as RFC 6797, section 7.2 has it. */
const HSTS = ["strict-transport-security", "max-age=31536000"] as const;
const NOTHING: readonly string[] = [];

/** The edge of a server that lets every request on to its route. */
export const OPEN_EDGE: Pick<HttpEdge, "replyLines"> = {
  replyLines: (request) => (isSecured(request) ? HSTS : NOTHING),
};

/** Makes the edge of a server: address → gateway → a browser's question → forgery by a page. Source: security.md A1.6, A9. */
export function createHttpEdge({ guard, cors, trustedProxies, record }: HttpEdgeOptions): HttpEdge {
  return {
    intercept(request, route, show) {
      const { method = "", headers } = request;
      const peerIp = request.socket.remoteAddress ?? "";
      const asked = {
        clientIp: clientIpOf(peerIp, headers["x-forwarded-for"], trustedProxies),
        valuesOf: (name: string) => request.headersDistinct[name] ?? [],
      };
      const refusal = guard.refusal(asked, route);
      if (guard.secretHeader !== undefined) delete headers[guard.secretHeader];
      if (refusal !== undefined) return record(show(), refusal);
      if (cors === undefined) return undefined;
      if (isPreflight(method, headers)) return cors.preflight(headers);
      return cors.isForgery(method, headers) ? record(show(), forgery()) : undefined;
    },
    replyLines(request) {
      const secured = isSecured(request) ? HSTS : NOTHING;
      return cors === undefined ? secured : [...secured, ...cors.replyLines(request.headers.origin)];
    },
  };
}

function isSecured({ socket }: IncomingMessage): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}

function forgery(): ServingError {
  return new ServingError("PERMISSION_DENIED", "pages of this origin may not call with cookies", {
    reason: "origin_denied",
  });
}
