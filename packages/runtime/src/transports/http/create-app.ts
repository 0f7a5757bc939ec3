import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { HttpReply, HttpRequest } from "../../call/types.ts";
import { clientIpOf } from "../../call/client-ip.ts";
import { ServingError } from "../../errors.ts";
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
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, options),
    http: { maxHeaderSize: options.headersBytes, requireHostHeader: true, insecureHTTPParser: false },
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

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));

  const methodsByPath = new Map<string, string[]>();
  const send = (request: FastifyRequest, reply: FastifyReply, answer: HttpReply): Promise<void> => {
    reply.hijack();
    return sendReply(request.raw, reply.raw, answer, { requestId: request.id, close: options.closing() });
  };
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    send(request, reply, options.encodeError(fromFramework(error), request.id));

  for (const route of options.routes) {
    const path = joinPath(options.basePath, route.path);
    methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), route.method]);
    app.route({
      method: route.method,
      url: path,
      handler: async (request, reply) => {
        const clientIp = clientIpOf(
          request.raw.socket.remoteAddress ?? "",
          request.headers["x-forwarded-for"],
          options.trustedProxies,
        );
        const http = toHttpRequest(request, reply.raw, { route: route.path, clientIp, awaitingContinue });
        await send(request, reply, await route.handle(http));
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

const FRAMEWORK_CODES: Readonly<
  Record<number, "INVALID_ARGUMENT" | "UNSUPPORTED_MEDIA_TYPE" | "NOT_FOUND" | "HEADERS_TOO_LARGE">
> = {
  400: "INVALID_ARGUMENT",
  404: "NOT_FOUND",
  414: "HEADERS_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
};

function fromFramework(error: unknown): ServingError {
  if (error instanceof ServingError) return error;
  const status = error !== null && typeof error === "object" && "statusCode" in error ? Number(error.statusCode) : 500;
  const code = FRAMEWORK_CODES[status];
  if (code === undefined)
    return new ServingError("INTERNAL", "the server failed while it took this request", { cause: error });
  const text =
    code === "UNSUPPORTED_MEDIA_TYPE"
      ? "the Content-Type header can't be read: expected type/subtype"
      : "the request line or path can't be read";
  return new ServingError(code, text, { cause: error });
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [ServingError["code"], string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "HEADERS_TOO_LARGE",
    "431 Request Header Fields Too Large",
    "the headers pass server.limits.headers",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "408 Request Timeout", "the request did not arrive in time"],
};

/** Answers bytes that are no HTTP request, on the bare socket, and ends the connection. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket, options: HttpAppOptions): void {
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [code, status, text] = CLIENT_ERRORS[error.code ?? ""] ?? [
    "INVALID_ARGUMENT",
    "400 Bad Request",
    "the bytes are not an HTTP/1.1 request",
  ];
  const reply = options.encodeError(new ServingError(code, text), requestIdOf({ headers: {} }));
  const body = typeof reply.body === "string" ? reply.body : "";
  const headers = [
    `content-type: ${reply.headers["content-type"] ?? "text/plain"}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
}
