import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ServingError } from "../../errors.ts";
import { toListenError } from "../../listen-error.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { ACME_PREFIX, readAcmeChallenge } from "./acme-challenge.ts";
import { httpsLocation } from "./https-location.ts";

// An import of node:http in a module loads Node's own fetch client with it, which takes longer than fastify (nodejs/node#59686).
const { createServer } = process.getBuiltinModule("node:http");

export interface RedirectOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Port of REST with TLS, once it is open. */
  readonly httpsPort: () => number;
  /** Name that the certificate is for. */
  readonly cname: string | undefined;
  /** Folder of the answers to ACME challenges. */
  readonly acmeChallengeDir: string | undefined;
  readonly maxHeaderBytes: number;
  readonly logger: Logger;
  /** Longest time for all headers of a request; 10 s unless given. */
  readonly headersTimeoutMs?: number;
}

/** An open plain port. */
export interface RedirectServer {
  readonly address: AddressInfo;
  /** Closes the port and its connections. */
  close(): Promise<void>;
}

/**
 * Opens the plain port beside TLS: GET and HEAD are sent on to HTTPS, answers to ACME challenges are given, anything else is refused. It serves no API and reads
 * no body; each connection ends with its reply.
 *
 * Throws FAILED_PRECONDITION when the port can't be had. Source: security.md A8.
 */
export async function createRedirectServer(options: RedirectOptions): Promise<RedirectServer> {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, maxHeaderBytes: maxHeaderSize } = options;
  const timeouts = { headersTimeout: headersTimeoutMs, requestTimeout: headersTimeoutMs };
  const limits = { ...timeouts, maxHeaderSize, connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs) };
  const server = createServer(limits, (request, response) => void answer(request, response, options));
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = IDLE_MS;
  await listen(server, options);
  const address = addressOf(server);
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As for the API's own port. */
const HEADERS_TIMEOUT_MS = 10_000;
const IDLE_MS = 15_000;
/** A redirect takes a moment; more at once is an attack. */
const MAX_CONNECTIONS = 256;

async function answer(request: IncomingMessage, response: ServerResponse, options: RedirectOptions): Promise<void> {
  const { method = "", url = "", headers, socket } = request;
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead) return send(response, 403, { body: "this port only leads to HTTPS\n" });
  if (url.startsWith(ACME_PREFIX)) {
    const dir = options.acmeChallengeDir;
    const body = dir === undefined ? undefined : await readAcmeChallenge(dir, url.slice(ACME_PREFIX.length));
    return body === undefined ? send(response, 404, { body: "no such challenge\n" }) : send(response, 200, { body });
  }
  const location = httpsLocation({
    host: headers.host,
    target: url,
    cname: options.cname,
    httpPort: socket.localPort ?? options.port,
    httpsPort: options.httpsPort(),
  });
  if (location === undefined) return send(response, 400, { body: "expected a path and a Host header\n" });
  send(response, 308, { location, body: "" });
}

function send(
  response: ServerResponse,
  status: number,
  { body, location }: { readonly body: string | Buffer; readonly location?: string },
): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
    ...(location === undefined ? {} : { location }),
  });
  response.end(body);
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new ServingError("INTERNAL", "a TCP port has an address");
  return address;
}

function listen(server: Server, { host, port, logger }: RedirectOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => reject(toListenError({ host, port }, cause));
    server.once("error", refuse);
    server.listen({ host, port }, () => {
      server.off("error", refuse);
      server.on("error", (err) => logger.error({ err }, "the redirect port failed to accept a connection"));
      resolve();
    });
  });
}
