import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import { clientIpOf, isTrustedProxy } from "../../call/client-ip.ts";
import { type Cancellation, Canceller } from "../../call/cancellation.ts";
import { withoutForged } from "../../call/forged-headers.ts";
import type { HttpRequest, TlsFacts } from "../../call/types.ts";
import { tlsFactsOf } from "../tls/tls-facts.ts";

/** What the transport knows of a request beyond fastify. */
export interface RequestFacts {
  readonly route: string;
  readonly trustedProxies: readonly string[];
  /** Requests whose callers wait for `100 Continue` before they send the body. */
  readonly awaitingContinue: WeakSet<IncomingMessage>;
}

/** Shows a fastify request to the protocols. */
export function toHttpRequest(request: FastifyRequest, response: ServerResponse, facts: RequestFacts): HttpRequest {
  return new ShownRequest(request, response, facts);
}

const NONE: readonly string[] = Object.freeze([]);

class ShownRequest implements HttpRequest {
  readonly signal: Cancellation;
  /** Kept from the start: a socket that is gone has no address. */
  readonly peerIp: string;
  /** Kept for the same reason. */
  readonly tls: TlsFacts | undefined;
  readonly #request: FastifyRequest;
  readonly #response: ServerResponse;
  readonly #facts: RequestFacts;
  #headers: HttpRequest["headers"] | undefined;

  constructor(request: FastifyRequest, response: ServerResponse, facts: RequestFacts) {
    this.#request = request;
    this.peerIp = request.raw.socket.remoteAddress ?? "";
    this.tls = tlsFactsOf(request.raw.socket);
    this.#response = response;
    this.#facts = facts;
    this.signal = departureOf(response);
  }

  get requestId(): string {
    return this.#request.id;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return this.#request.url.split("?", 1)[0] ?? this.#request.url;
  }

  get route(): string {
    return this.#facts.route;
  }

  get params(): HttpRequest["params"] {
    return this.#request.params as HttpRequest["params"];
  }

  get query(): URLSearchParams {
    const { url } = this.#request;
    const mark = url.indexOf("?");
    return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  }

  get headers(): HttpRequest["headers"] {
    if (this.#headers !== undefined) return this.#headers;
    const { headers } = this.#request.raw;
    this.#headers = isTrustedProxy(this.peerIp, this.#facts.trustedProxies) ? headers : withoutForged(headers);
    return this.#headers;
  }

  valuesOf(name: string): readonly string[] {
    if (this.headers[name] === undefined) return NONE;
    const { rawHeaders } = this.#request.raw;
    const values: string[] = [];
    for (let at = 0; at + 1 < rawHeaders.length; at += 2)
      if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? "");
    return values;
  }

  get clientIp(): string {
    return clientIpOf(this.peerIp, this.#request.raw.headers["x-forwarded-for"], this.#facts.trustedProxies);
  }

  openBody(): IncomingMessage {
    const { raw } = this.#request;
    if (raw.headers.expect !== undefined && this.#facts.awaitingContinue.delete(raw)) this.#response.writeContinue();
    return raw;
  }
}

/** Aborts when the connection closes before the reply was sent. */
function departureOf(response: ServerResponse): Cancellation {
  const canceller = new Canceller();
  // It says so once: `once` would make a second function for each call.
  response.on("close", () => {
    if (!response.writableFinished) canceller.abort(undefined);
  });
  return canceller;
}
