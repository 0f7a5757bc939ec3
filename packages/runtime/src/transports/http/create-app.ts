import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { requestIdOf } from "../../call/request-id.ts";
import type { HttpMethod, HttpReply, HttpRequest } from "../../call/types.ts";
import type { ErrorCode } from "../../error-table.ts";
import { ServingError } from "../../errors.ts";
import { type Refusals, type Refuse, refuseConnection, refuseUnreadable } from "./refuse-connection.ts";
import { ageMsOf, watchConnections } from "./connection-life.ts";
import { type HttpEdge, OPEN_EDGE } from "./http-edge.ts";
import { requestFault } from "./request-fault.ts";
import { NO_ROUTE } from "../../pipeline/refuse-unrouted.ts";
import { toHttpRequest } from "./request.ts";
import { sendReply } from "./send-reply.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Of routes that the protocols have; undefined for those of documentation and where nothing answers. */
    readonly routeId?: string;
    readonly isPublic?: boolean | undefined;
    readonly path?: string;
  }
}

/** One route with the function that answers it. */
export interface BoundRoute {
  readonly id: string;
  readonly method: HttpMethod;
  readonly path: string;
  /** Whether callers without credentials may ask: probes. */
  readonly isPublic?: boolean | undefined;
  handle(request: HttpRequest): HttpReply | Promise<HttpReply>;
}

export interface HttpAppOptions {
  readonly routes: readonly BoundRoute[];
  /** Paths to tell whoever asks for one that nothing answers. */
  readonly advertised: readonly string[];
  /** Path under which all routes stand; "/" for none. */
  readonly basePath: string;
  readonly headersBytes: number;
  /** Longest time for one request to arrive, in milliseconds, and for its reply to be taken. */
  readonly requestTimeoutMs: number;
  /** Most bytes of large replies that wait for their callers together. */
  readonly untakenBytes: number;
  readonly trustedProxies: readonly string[];
  /** What is decided before any route; unless given, every request goes on to its route. */
  readonly edge?: HttpEdge | undefined;
  /** A connection that is older ends with its next reply, in milliseconds; it may stay as it is unless given. */
  readonly maxConnectionAgeMs?: number;
  /** Whether each reply must end its connection, since the server drains. */
  closing(): boolean;
  /** Told of each request that no route answers, and of bytes that are none (`isReadable` false); gives the error to answer with. Never rejects. */
  readonly refuse: Refuse;
  /** Gives why a request for the documentation is refused; undefined where nothing speaks against it. Never rejects. */
  admitToDocs(request: HttpRequest): Promise<ServingError | undefined>;
  /** The reply for what no route answers, and for errors outside of routes, in the shape of the protocol whose path it is; "" where no path could be read. */
  encodeError(error: ServingError, requestId: string, path: string): HttpReply;
}

/** Idle connections end after this; above the 60 s of usual load balancers, so that they are the ones who close first. */
const KEEP_ALIVE_MS = 72_000;
/** Time for all headers of a request to arrive. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often it is looked for requests that take too long to arrive. */
const ARRIVAL_CHECK_MS = 1_000;

/** Makes the HTTP application. It does not listen: connections are handed to `app.server`, or `app.listen` is called. */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const app = createFastify(options);
  const connections = watchConnections(app.server, {
    requestTimeoutMs: options.requestTimeoutMs,
    maxBytes: options.untakenBytes,
  });
  app.addHook("onClose", async () => connections.close());
  const doubts = watchExpectations(app, options);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
  app.setErrorHandler((error, request, reply) => refuse(options, fromFramework(error), { request, reply }));

  guardEdge(app, options, doubts);
  app.addHook("onRequest", (request, reply, done) => {
    const fault =
      request.raw.headers.expect !== undefined && doubts.unmet.has(request.raw)
        ? "Expect: 100-continue is the only expectation that is known"
        : requestFault(request.raw);
    if (fault === undefined) return done();
    const error = new ServingError("INVALID_ARGUMENT", fault);
    // In a later turn: the parser may be about to find the body unreadable too, and answers that by itself.
    setImmediate(() => {
      if (request.raw.socket.writable) void refuse(options, error, { request, reply, close: true });
    });
  });
  for (const route of options.routes) addRoute(app, route, { options, awaitingContinue: doubts.awaitingContinue });
  answerUnknownPaths(app, options);
  return app;
}

/** Refuses what may not come in, and answers browsers' questions, before it is looked what is called. */
function guardEdge(
  app: FastifyInstance,
  options: HttpAppOptions,
  { awaitingContinue }: Pick<Expectations, "awaitingContinue">,
): void {
  const { edge, trustedProxies } = options;
  if (edge === undefined) return;
  app.addHook("onRequest", (request, reply, done) => {
    const { routeId: id, isPublic = false, path = NO_ROUTE } = request.routeOptions.config;
    const facts = { route: path, trustedProxies, awaitingContinue };
    const answer = edge.intercept(request.raw, id === undefined ? undefined : { id, isPublic }, () =>
      toHttpRequest(request, reply.raw, facts),
    );
    if (answer === undefined) return done();
    const tell = (told: HttpReply | ServingError): void => {
      const isError = told instanceof ServingError;
      void send(options, isError ? encodeFor(options, told, request) : told, { request, reply });
    };
    if (answer instanceof Promise) void answer.then(tell);
    else tell(answer);
  });
}

function createFastify(options: HttpAppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestIdHeader: false,
    genReqId: requestIdOf,
    // Bodies are read by the protocols, after the caller was authorised: fastify takes no byte of them.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void refuse(options, fromFramework(error), { request, reply }),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, bare(options)),
    http: {
      maxHeaderSize: options.headersBytes,
      insecureHTTPParser: false,
      connectionsCheckingInterval: ARRIVAL_CHECK_MS,
      // A missing host is refused with the others, in our own words.
      requireHostHeader: false,
      // Of two headers the parser would keep the first without a word, where a proxy may have read the second.
      joinDuplicateHeaders: true,
    },
    // No route has a schema: without these, two compilers of schemas would be loaded, a quarter of what fastify takes.
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
    // Names of models have up to 128 characters; the default is 100.
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: true, maxParamLength: 128 },
  });
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  // Backstops: the call's own deadline answers before them. The second is for callers who say nothing.
  app.server.requestTimeout = options.requestTimeoutMs + 5_000;
  app.server.timeout = options.requestTimeoutMs + 5_000;
  return app;
}

/** What is answered on the bare socket, where no path could be read. */
function bare({ refuse, encodeError }: HttpAppOptions): Refusals {
  return { refuse, encodeError: (error, id) => encodeError(error, id, "") };
}

function refuseSchema(): never {
  throw new ServingError("INTERNAL", "inputs and outputs are checked by their IO types, not by schemas of routes");
}

/** Requests that came with an `Expect` header: those who wait to send their body, and those who expect what nobody knows. */
interface Expectations {
  readonly awaitingContinue: WeakSet<IncomingMessage>;
  readonly unmet: WeakSet<IncomingMessage>;
}

function watchExpectations({ server }: FastifyInstance, options: HttpAppOptions): Expectations {
  const awaitingContinue = new WeakSet<IncomingMessage>();
  const unmet = new WeakSet<IncomingMessage>();
  const noting = (set: WeakSet<IncomingMessage>) => (request: IncomingMessage, response: ServerResponse) => {
    set.add(request);
    server.emit("request", request, response);
  };
  server.on("checkContinue", noting(awaitingContinue));
  server.on("checkExpectation", noting(unmet));
  server.on("connect", ({ headers }, socket: Socket) => {
    const error = new ServingError("METHOD_NOT_ALLOWED", "CONNECT is not answered: this server is no proxy");
    refuseConnection(socket, error, { ...bare(options), sent: { method: "CONNECT", headers } });
  });
  return { awaitingContinue, unmet };
}

function addRoute(
  app: FastifyInstance,
  route: BoundRoute,
  { options, awaitingContinue }: { readonly options: HttpAppOptions } & Pick<Expectations, "awaitingContinue">,
): void {
  const facts = { route: route.path, trustedProxies: options.trustedProxies, awaitingContinue };
  app.route({
    method: route.method,
    url: joinPath(options.basePath, route.path),
    config: { routeId: route.id, isPublic: route.isPublic, path: route.path },
    // Answered in the first step: the next ones look at the body's type and make ready to read it, which is the protocols' part.
    onRequest: (request, reply) => {
      const answer = route.handle(toHttpRequest(request, reply.raw, facts));
      if (answer instanceof Promise) void sendLater(options, answer, { request, reply });
      else void send(options, answer, { request, reply });
    },
    handler: () => undefined,
  });
}

async function sendLater(options: HttpAppOptions, answer: Promise<HttpReply>, exchange: Exchange): Promise<void> {
  try {
    await send(options, await answer, exchange);
  } catch (cause) {
    // A reply that can't be written (a header that the author got wrong) is an error like any other: nobody else would catch it.
    await answerError(options, cause, exchange);
  }
}

function answerUnknownPaths(app: FastifyInstance, options: HttpAppOptions): void {
  const methodsByPath = new Map<string, string[]>();
  for (const { method, path } of options.routes) {
    const whole = joinPath(options.basePath, path);
    methodsByPath.set(whole, [...(methodsByPath.get(whole) ?? []), method]);
  }
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    // As the router does it: a slash at the end means nothing.
    const methods = methodsByPath.get(path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);
    if (methods === undefined) {
      const names = options.advertised.slice(0, 20).map((path) => `POST ${joinPath(options.basePath, path)}`);
      const text = `nothing answers ${request.method} on this path; the APIs are: ${names.join(", ")}`;
      return refuse(options, new ServingError("NOT_FOUND", text), { request, reply });
    }
    const error = new ServingError("METHOD_NOT_ALLOWED", `${path} takes ${methods.join(", ")}, not ${request.method}`);
    return refuse(options, error, { request, reply, allow: methods });
  });
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Whether the connection ends with this reply, also when the server does not drain. */
  readonly close?: boolean;
  /** Methods that the path takes. */
  readonly allow?: readonly string[];
}

/** Answers what no route has taken, once it was told of. */
async function refuse(options: HttpAppOptions, error: ServingError, exchange: Exchange): Promise<void> {
  const { request, reply, allow } = exchange;
  const facts = { route: NO_ROUTE, trustedProxies: options.trustedProxies, awaitingContinue: NOBODY_WAITS };
  const refusal = await options.refuse(toHttpRequest(request, reply.raw, facts), error, { isReadable: true });
  const answer = encodeFor(options, refusal, request);
  const isTold = allow !== undefined && refusal === error;
  const headers = isTold ? { ...answer.headers, allow: allow.join(", ") } : answer.headers;
  await send(options, { ...answer, headers }, exchange);
}

const NOBODY_WAITS = new WeakSet<IncomingMessage>();

function send(
  options: HttpAppOptions,
  answer: HttpReply,
  { request, reply, close = false }: Exchange,
): void | Promise<void> {
  reply.hijack();
  const lines = (options.edge ?? OPEN_EDGE).replyLines(request.raw);
  const isLast = close || options.closing() || ageMsOf(request.raw.socket) > (options.maxConnectionAgeMs ?? Infinity);
  return sendReply(request.raw, reply.raw, answer, { requestId: request.id, close: isLast, lines });
}

function answerError(options: HttpAppOptions, error: unknown, exchange: Exchange): void | Promise<void> {
  return send(options, encodeFor(options, fromFramework(error), exchange.request), exchange);
}

function encodeFor(options: HttpAppOptions, error: ServingError, request: FastifyRequest): HttpReply {
  const path = pathOf(request);
  const { basePath } = options;
  const inside = basePath !== "/" && path.startsWith(basePath) ? path.slice(basePath.length) : path;
  return options.encodeError(error, request.id, inside);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? request.url;
}

/** Joins the base path and a route's path: `/`, `/score` → `/score`; `/a`, `/score` → `/a/score`. */
export function joinPath(basePath: string, path: string): string {
  return basePath === "/" ? path : `${basePath}${path}`;
}

const FRAMEWORK_TEXTS = {
  INVALID_ARGUMENT: "the request's path or headers can't be read",
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
