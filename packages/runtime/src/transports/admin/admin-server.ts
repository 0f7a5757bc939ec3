import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ERROR_TABLE, type ErrorCode } from "../../error-table.ts";
import { ServingError } from "../../errors.ts";
import { toListenError } from "../../listen-error.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { readinessReply, type ServerState } from "../../telemetry/readiness.ts";

// An import of node:http in a module loads Node's own fetch client with it, which takes longer than fastify (nodejs/node#59686).
const { createServer } = process.getBuiltinModule("node:http");

/** What the admin port shows, and where. */
export interface AdminOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** One more path that shows the metrics. */
  readonly metricsPath: string;
  state(): ServerState;
  /** Prometheus text format 0.0.4; answers within a bounded time even while workers compute. */
  metrics(): Promise<string>;
  readonly logger: Logger;
}

/** An open admin port. */
export interface AdminServer {
  readonly address: AddressInfo;
  /** Closes the port and its connections. */
  close(): Promise<void>;
}

/**
 * Opens the port for probes and scrapes: `/healthz`, `/readyz` (`?verbose`), `/metrics`, `/prometheus`; nothing on it changes anything.
 *
 * It lives in the supervisor, so it answers while workers load or compute. Throws FAILED_PRECONDITION when the port can't be had.
 */
export async function createAdminServer(options: AdminOptions): Promise<AdminServer> {
  const server = createServer(LIMITS, (request, response) => {
    // Bodies are of no use here; unread ones would keep the connection from its next request.
    request.resume();
    void answer(request, options).then((reply) => send(response, reply));
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  const address = server.address();
  if (address === null || typeof address === "string") throw new ServingError("INTERNAL", "a TCP port has an address");
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Paths of the port, all for GET and HEAD. */
export function adminPaths({ metricsPath }: Pick<AdminOptions, "metricsPath">): readonly string[] {
  return [...new Set([...Object.keys(ROUTES), metricsPath])];
}

const LIMITS = { maxHeaderSize: 16 * 1024, headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 72_000 };
/** Probes and scrapers come from a few places; more is a mistake or an attack. */
const MAX_CONNECTIONS = 256;

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly allow?: string;
}

type Route = (options: AdminOptions, query: URLSearchParams) => Reply | Promise<Reply>;

const ROUTES: Readonly<Partial<Record<string, Route>>> = {
  "/healthz": () => json(200, { live: true }),
  "/readyz": (options, query) => {
    const { status, body } = readinessReply(options.state(), { verbose: query.has("verbose"), internals: true });
    return json(status, body);
  },
  "/metrics": metricsReply,
  "/prometheus": metricsReply,
};

async function answer(request: IncomingMessage, options: AdminOptions): Promise<Reply> {
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  const own = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  const route = own ?? (path === options.metricsPath ? metricsReply : undefined);
  if (route === undefined) return problem("NOT_FOUND", `this port has ${Object.keys(ROUTES).join(", ")}`);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...problem("METHOD_NOT_ALLOWED", "use GET or HEAD"), allow: "GET, HEAD" };
  }
  try {
    return await route(options, new URLSearchParams(query));
  } catch (err) {
    options.logger.error({ err, path }, "admin port failed to answer");
    return problem("INTERNAL", "see the server's log");
  }
}

async function metricsReply(options: AdminOptions): Promise<Reply> {
  return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: await options.metrics() };
}

function json(status: number, body: Readonly<Record<string, unknown>>): Reply {
  return { status, type: "application/json", body: `${JSON.stringify(body)}\n` };
}

function problem(code: ErrorCode, detail: string): Reply {
  const { http: status, title } = ERROR_TABLE[code];
  return { ...json(status, { type: "about:blank", title, status, code, detail }), type: "application/problem+json" };
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, {
    "content-type": reply.type,
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
  });
  response.end(reply.body);
}

function listen(server: Server, { host, port, logger }: AdminOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => reject(toListenError({ host, port }, cause));
    server.once("error", refuse);
    server.listen({ host, port }, () => {
      server.off("error", refuse);
      server.on("error", (err) => logger.error({ err }, "admin port failed to accept a connection"));
      resolve();
    });
  });
}
