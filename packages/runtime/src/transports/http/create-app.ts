import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { HttpReply, HttpRequest } from "../../call/types.ts";
import { clientIpOf } from "../../call/client-ip.ts";
import type { ErrorCode } from "../../error-table.ts";
import { ServingError } from "../../errors.ts";
import { refuseConnection, refuseUnreadable } from "./refuse-connection.ts";
import { requestFault } from "./request-fault.ts";
import { requestIdOf, toHttpRequest } from "./request.ts";
import { sendReply } from "./send-reply.ts";

/** One route with the function that answers it. */
export interface BoundRoute {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  handle(request: HttpRequest): HttpReply | Promise<HttpReply>;
}

export interface HttpAppOptions {
  readonly routes: readonly BoundRoute[];
  /** Path under which all routes stand; "/" for none. */
  readonly basePath: string;
  readonly headersBytes: number;
  /** Longest time for one request to arrive, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly trustedProxies: readonly string[];
  /** Whether each reply must end its connection, since the server drains. */
  closing(): boolean;
  /** The reply for what no route answers, and for errors outside of routes. */
  encodeError(error: ServingError, requestId: string): HttpReply;
}

/** Idle connections end after this; above the 60 s of usual load balancers, so that they are the ones who close first. */
const KEEP_ALIVE_MS = 72_000;
/** Time for all headers of a request to arrive. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often it is looked for requests that take too long to arrive. */
const ARRIVAL_CHECK_MS = 1_000;

/** Makes the HTTP application. It does not listen: connections are handed to `app.server`, or `app.listen` is called. */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestIdHeader: false,
    genReqId: requestIdOf,
    // Bodies are read by the protocols, after the caller was authorised: fastify takes no byte of them.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, options.encodeError),
    http: {
      maxHeaderSize: options.headersBytes,
      insecureHTTPParser: false,
      connectionsCheckingInterval: ARRIVAL_CHECK_MS,
      // A missing host is refused with the others, in our own words.
      requireHostHeader: false,
      // Of two headers the parser would keep the first without a word, where a proxy may have read the second.
      joinDuplicateHeaders: true,
    },
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: true },
  });
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  // Backstops: the call's own deadline answers before them. The second is for readers who take nothing of a reply.
  app.server.requestTimeout = options.requestTimeoutMs + 5_000;
  app.server.timeout = options.requestTimeoutMs + 5_000;
  const awaitingContinue = new WeakSet<IncomingMessage>();
  app.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    awaitingContinue.add(request);
    app.server.emit("request", request, response);
  });
  const unmetExpectations = new WeakSet<IncomingMessage>();
  app.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    unmetExpectations.add(request);
    app.server.emit("request", request, response);
  });
  app.server.on("connect", (_request, socket: Socket) => {
    const error = new ServingError("METHOD_NOT_ALLOWED", "CONNECT is not answered: this server is no proxy");
    refuseConnection(socket, error, options.encodeError);
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));

  const methodsByPath = new Map<string, string[]>();
  const send = (
    request: FastifyRequest,
    reply: FastifyReply,
    answer: HttpReply,
    close = false,
  ): void | Promise<void> => {
    reply.hijack();
    return sendReply(request.raw, reply.raw, answer, { requestId: request.id, close: close || options.closing() });
  };
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void | Promise<void> =>
    send(request, reply, options.encodeError(fromFramework(error), request.id));
  app.addHook("onRequest", (request, reply, done) => {
    const fault = unmetExpectations.has(request.raw)
      ? "Expect: 100-continue is the only expectation that is known"
      : requestFault(request.raw);
    if (fault === undefined) return done();
    void send(request, reply, options.encodeError(new ServingError("INVALID_ARGUMENT", fault), request.id), true);
  });

  for (const route of options.routes) {
    const path = joinPath(options.basePath, route.path);
    methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), route.method]);
    app.route({
      method: route.method,
      url: path,
      handler: (request, reply) => {
        const clientIp = clientIpOf(
          request.raw.socket.remoteAddress ?? "",
          request.headers["x-forwarded-for"],
          options.trustedProxies,
        );
        const http = toHttpRequest(request, reply.raw, { route: route.path, clientIp, awaitingContinue });
        const answer = route.handle(http);
        if (!(answer instanceof Promise)) return void send(request, reply, answer);
        // The reply is written by hand: fastify need not wait for it.
        reply.hijack();
        answer.then(
          (late) => send(request, reply, late),
          (cause: unknown) => answerError(cause, request, reply),
        );
      },
    });
  }
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? request.url;
    const methods = methodsByPath.get(path);
    if (methods === undefined) {
      const names = options.routes
        .filter((route) => route.method === "POST")
        .map((route) => `POST ${joinPath(options.basePath, route.path)}`);
      const error = new ServingError(
        "NOT_FOUND",
        `nothing answers ${request.method} on this path; the APIs are: ${names.slice(0, 20).join(", ")}`,
      );
      return send(request, reply, options.encodeError(error, request.id));
    }
    const error = new ServingError("METHOD_NOT_ALLOWED", `${path} takes ${methods.join(", ")}, not ${request.method}`);
    const answer = options.encodeError(error, request.id);
    return send(request, reply, { ...answer, headers: { ...answer.headers, allow: methods.join(", ") } });
  });
  return app;
}

/** Joins the base path and a route's path: `/`, `/score` → `/score`; `/a`, `/score` → `/a/score`. */
export function joinPath(basePath: string, path: string): string {
  return basePath === "/" ? path : `${basePath}${path}`;
}

const FRAMEWORK_TEXTS = {
  INVALID_ARGUMENT: "the request line or path can't be read",
  UNSUPPORTED_MEDIA_TYPE: "the Content-Type header can't be read: expected type/subtype",
  NOT_FOUND: "nothing answers on this path",
  HEADERS_TOO_LARGE: "the path is too long",
} as const satisfies Partial<Record<ErrorCode, string>>;

const FRAMEWORK_CODES: Readonly<Record<number, keyof typeof FRAMEWORK_TEXTS>> = {
  // Files outside of their folder: as if they were not there.
  403: "NOT_FOUND",
  404: "NOT_FOUND",
  414: "HEADERS_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
};

function fromFramework(error: unknown): ServingError {
  if (error instanceof ServingError) return error;
  const status = error !== null && typeof error === "object" && "statusCode" in error ? Number(error.statusCode) : 500;
  if (!(status >= 400 && status < 500))
    return new ServingError("INTERNAL", "the server failed while it took this request", { cause: error });
  const code = FRAMEWORK_CODES[status] ?? "INVALID_ARGUMENT";
  return new ServingError(code, FRAMEWORK_TEXTS[code], { cause: error });
}
