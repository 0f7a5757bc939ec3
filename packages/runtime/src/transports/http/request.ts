import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import { type Cancellation, Canceller } from "../../call/cancellation.ts";
import type { HttpRequest } from "../../call/types.ts";

/** The caller's `x-request-id` where it is fit for logs (`[A-Za-z0-9._-]{1,64}`), else a new one. Source: security.md A11. */
export function requestIdOf(request: { readonly headers: IncomingMessage["headers"] }): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

/** What the transport knows of a request beyond fastify. */
export interface RequestFacts {
  readonly route: string;
  readonly clientIp: string;
  /** Requests whose callers wait for `100 Continue` before they send the body. */
  readonly awaitingContinue: WeakSet<IncomingMessage>;
}

/** Shows a fastify request to the protocols. */
export function toHttpRequest(request: FastifyRequest, response: ServerResponse, facts: RequestFacts): HttpRequest {
  const { raw } = request;
  const mark = request.url.indexOf("?");
  return {
    requestId: request.id,
    method: request.method,
    path: mark < 0 ? request.url : request.url.slice(0, mark),
    route: facts.route,
    params: request.params as Readonly<Record<string, string>>,
    get query() {
      return new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1));
    },
    headers: raw.headers,
    peerIp: raw.socket.remoteAddress ?? "",
    clientIp: facts.clientIp,
    signal: departureOf(response),
    openBody: () => {
      if (facts.awaitingContinue.delete(raw)) response.writeContinue();
      return raw;
    },
  };
}

/** Aborts when the connection closes before the reply was sent. */
function departureOf(response: ServerResponse): Cancellation {
  const canceller = new Canceller();
  response.once("close", () => {
    if (!response.writableFinished) canceller.abort(undefined);
  });
  return canceller;
}
