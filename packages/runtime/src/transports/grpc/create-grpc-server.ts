import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import {
  type ConnectionInjector,
  type Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
} from "@grpc/grpc-js";
import type { EdgeGuard, EdgeRoute } from "../../auth/edge/edge-guard.ts";
import type { GrpcReply, GrpcRequest } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { NO_ROUTE } from "../../pipeline/refuse-unrouted.ts";
import { toGrpcError } from "../../protocols/grpc/grpc-error.ts";
import { GrpcCall } from "./grpc-call.ts";
import { MessageReader } from "./message-reader.ts";
import { sendGrpcReply } from "./send-reply.ts";
import { headersFault, limitHeaders, limitStreams } from "./session-limits.ts";
import { keepStreamFacts, streamFactsOf } from "./stream-facts.ts";

/** One method with the function that answers it; it never rejects. */
export interface BoundMethod extends EdgeRoute {
  /** `package.Service`. */
  readonly service: string;
  readonly method: string;
  handle(request: GrpcRequest): GrpcReply | Promise<GrpcReply>;
}

export interface GrpcServerOptions {
  readonly methods: readonly BoundMethod[];
  /** Answers calls of methods that are not there; it never rejects. */
  unknown(request: GrpcRequest): GrpcReply | Promise<GrpcReply>;
  readonly trustedProxies: readonly string[];
  /** What is decided before any method; unless given, every call goes on to its method. */
  readonly edge?: GrpcEdge | undefined;
  readonly maxConnectionAgeMs: number;
  /** Longest time of a call, and for its reply to be taken. */
  readonly requestTimeoutMs: number;
  /** Most bytes of large replies that wait for their callers together. */
  readonly untakenBytes: number;
  /** Largest headers of a call, as HTTP/2 counts them. */
  readonly headersBytes: number;
  /** When a connection without a call ends; a minute unless given. */
  readonly idleMs?: number;
  /** When a silent connection is asked, and how long for; as below unless given. */
  readonly keepalive?: { readonly afterMs: number; readonly timeoutMs: number };
}

/** Decides of each call before its method, and writes its refusals down. */
export interface GrpcEdge {
  readonly guard: EdgeGuard;
  /** Gives the error to answer with. */
  record(request: GrpcRequest, error: ServingError): ServingError | Promise<ServingError>;
}

/** A gRPC server without a port: connections are handed to it. */
export interface GrpcServer {
  /** Takes ownership of the socket. */
  accept(socket: Socket): void;
  /** Sends GOAWAY on every connection, lets what runs finish; resolves when all connections have ended. */
  drain(): Promise<void>;
  /** Cuts what is left. */
  close(): void;
}

/** Streams of one connection at once; proxies open more connections for more. Source: security.md A9. */
const MAX_STREAMS = 100;
/** Connections without a call end after this; clients open another one with their next call. Source: security.md A9. */
const IDLE_MS = 60_000;
/** A connection that says nothing is asked after this long, and ends when no answer comes. */
const KEEPALIVE = { afterMs: 2 * 60_000, timeoutMs: 20_000 };
/** Bytes of a stream that may be on their way unread: the default of 64 KiB makes 100 MB wait for 1,500 round trips. */
const FLOW_WINDOW_BYTES = 1024 * 1024;
/** What drains is finished by its own deadlines; this is for connections that never end by themselves. */
const DRAIN_GRACE_MS = 24 * 60 * 60_000;

/** Makes the gRPC server: each call goes to its method with its metadata alone, its message is read when the method asks for it. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const methods = new Map(options.methods.map((bound) => [pathOf(bound), bound]));
  const { afterMs, timeoutMs } = options.keepalive ?? KEEPALIVE;
  const taking: Taking = { ...options, written: (stream) => readers.written(stream) };
  const server = new Server({
    "grpc.enable_channelz": 0,
    "grpc.max_concurrent_streams": MAX_STREAMS,
    "grpc.max_connection_age_ms": options.maxConnectionAgeMs,
    "grpc.max_connection_idle_ms": options.idleMs ?? IDLE_MS,
    "grpc.keepalive_time_ms": afterMs,
    "grpc.keepalive_timeout_ms": timeoutMs,
    "grpc-node.flow_control_window": FLOW_WINDOW_BYTES,
    interceptors: [(definition, call) => new TakenCall(call, methods.get(definition.path), taking)],
  });
  for (const [service, bound] of groupByService(options.methods)) {
    const definitions = Object.fromEntries(bound.map((method) => [method.method, definitionOf(method)]));
    const handlers = Object.fromEntries(bound.map((method) => [method.method, unreachable]));
    if (service !== "") server.addService(definitions, handlers);
  }
  takeUnknown(server);
  limitHeaders(server, options.headersBytes);
  const injector: ConnectionInjector = server.createConnectionInjector(ServerCredentials.createInsecure());
  keepStreamFacts(server);
  const readers = limitStreams(server, { requestTimeoutMs: options.requestTimeoutMs, maxBytes: options.untakenBytes });
  return createLife(server, injector, readers);
}

function createLife(server: Server, injector: ConnectionInjector, readers: { close(): void }): GrpcServer {
  const sockets = new Set<Socket>();
  let drained: (() => void) | undefined;
  return {
    accept(socket) {
      sockets.add(socket);
      socket.once("close", () => {
        sockets.delete(socket);
        if (sockets.size === 0) drained?.();
      });
      // Sockets come half-open, as HTTP/1.1 takes them; of HTTP/2 who ends their half is gone, and their calls with them.
      socket.once("end", () => socket.end());
      injector.injectConnection(socket);
      // HTTP/2 reads from the handle below the stream, and does not start it.
      socket.resume();
    },
    drain() {
      injector.drain(DRAIN_GRACE_MS);
      return sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => (drained = resolve));
    },
    close() {
      readers.close();
      injector.destroy();
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function pathOf({ service, method }: BoundMethod): string {
  return `/${service}/${method}`;
}

function groupByService(methods: readonly BoundMethod[]): Map<string, BoundMethod[]> {
  const groups = new Map<string, BoundMethod[]>();
  for (const bound of methods) groups.set(bound.service, [...(groups.get(bound.service) ?? []), bound]);
  return groups;
}

/** Messages are bytes for grpc-js: protocols encode and decode. */
function definitionOf(bound: BoundMethod): MethodDefinition<Uint8Array, Uint8Array> {
  const same = (message: Buffer): Buffer => message;
  return {
    path: pathOf(bound),
    requestStream: false,
    responseStream: false,
    requestSerialize: toBuffer,
    requestDeserialize: same,
    responseSerialize: toBuffer,
    responseDeserialize: same,
  };
}

function toBuffer(message: Uint8Array): Buffer {
  return Buffer.isBuffer(message) ? message : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}

/** Every call is taken over before grpc-js would call a handler. */
function unreachable(): never {
  throw new ServingError("INTERNAL", "a gRPC call was not taken over");
}

/**
 * Lets calls of unknown methods be taken over too: grpc-js would answer them by itself, and nobody would know of them.
 *
 * grpc-js 1.14 looks methods up in a map that it keeps private; the version is pinned, and a test fails when it is gone.
 */
function takeUnknown(server: Server): void {
  const holder: object = server;
  if (!("handlers" in holder) || !(holder.handlers instanceof Map))
    throw new ServingError("INTERNAL", "this version of @grpc/grpc-js keeps its methods elsewhere");
  const known: ReadonlyMap<unknown, unknown> = holder.handlers;
  holder.handlers = new (class extends Map<unknown, unknown> {
    override get(path: unknown): unknown {
      return super.get(path) ?? { func: unreachable, serialize: toBuffer, deserialize: toBuffer, type: "unary", path };
    }
  })(known);
}

interface Taking extends GrpcServerOptions {
  /** Told when a large message was written to a stream. */
  written(stream: ServerHttp2Stream): void;
}

/** A call taken over from grpc-js as soon as its metadata is there: grpc-js's own handling would read the message first. */
class TakenCall extends ServerInterceptingCall {
  readonly #base: ServerInterceptingCallInterface;
  readonly #bound: BoundMethod | undefined;
  readonly #options: Taking;

  constructor(base: ServerInterceptingCallInterface, bound: BoundMethod | undefined, options: Taking) {
    super(base);
    this.#base = base;
    this.#bound = bound;
    this.#options = options;
  }

  override start(): void {
    const base = this.#base;
    const bound = this.#bound;
    let call: GrpcCall | undefined;
    base.start({
      onReceiveMetadata: (metadata) => {
        call = this.#open(metadata, bound);
        void this.#answer(call, bound, this.#refusal(call, metadata, bound));
      },
      onReceiveMessage: (message: Buffer) => call?.receiveMessage(message),
      onReceiveHalfClose: () => call?.receiveHalfClose(),
      onCancel: () => call?.receiveCancel(),
    });
  }

  #open(metadata: Metadata, bound: BoundMethod | undefined): GrpcCall {
    const { incomingEncoding: encoding, stream } = internalsOf(this.#base);
    const { trustedProxies } = this.#options;
    const call = new GrpcCall(this.#base, metadata, {
      route: bound === undefined ? NO_ROUTE : pathOf(bound),
      trustedProxies,
      encoding,
      ...streamFactsOf(stream),
    });
    replaceDecoder(this.#base, new MessageReader(call));
    return call;
  }

  #refusal(
    call: GrpcCall,
    metadata: Metadata,
    bound: BoundMethod | undefined,
  ): GrpcReply | Promise<GrpcReply> | undefined {
    const { edge, headersBytes } = this.#options;
    const refusal =
      edge?.guard.refusal(call, bound) ?? headersFault(internalsOf(this.#base).stream, metadata, headersBytes);
    if (edge?.guard.secretHeader !== undefined) call.forget(edge.guard.secretHeader);
    if (refusal === undefined) return undefined;
    const error = edge?.record(call, refusal) ?? refusal;
    const encode = (told: ServingError): GrpcReply => toGrpcError(told, call.requestId);
    return error instanceof Promise ? error.then(encode) : encode(error);
  }

  async #answer(
    call: GrpcCall,
    bound: BoundMethod | undefined,
    refusal: GrpcReply | Promise<GrpcReply> | undefined,
  ): Promise<void> {
    const answer = refusal ?? (bound === undefined ? this.#options.unknown(call) : bound.handle(call));
    const reply = answer instanceof Promise ? await answer : answer;
    await sendGrpcReply(reply, {
      base: this.#base,
      requestId: call.requestId,
      signal: call.signal,
      written: () => this.#options.written(internalsOf(this.#base).stream),
    });
  }
}

/** The fields of grpc-js's own call that it keeps private; the version is pinned, and a test fails when one of them is gone. */
interface CallInternals {
  decoder: Pick<MessageReader, "write">;
  readonly incomingEncoding: string;
  readonly stream: ServerHttp2Stream;
}

function internalsOf(base: ServerInterceptingCallInterface): CallInternals {
  if (INTERNALS.every((field) => field in base)) return base as unknown as CallInternals;
  throw new ServingError("INTERNAL", "this version of @grpc/grpc-js keeps a call's decoder and stream elsewhere");
}

const INTERNALS = ["decoder", "incomingEncoding", "stream"] as const satisfies readonly (keyof CallInternals)[];

function replaceDecoder(base: ServerInterceptingCallInterface, reader: MessageReader): void {
  internalsOf(base).decoder = reader;
}
