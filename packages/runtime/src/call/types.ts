import type { X509Certificate } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Cancellation } from "./cancellation.ts";
import type { BodyLimits } from "./body/limits.ts";
import type { ApiDefinition } from "../definition/types.ts";
import type { Payload, PayloadKind } from "../io/types.ts";
import type { ServingError } from "../errors.ts";

/** How callers show who they are. */
export type AuthMethod = "anonymous" | "oidc" | "apikey" | "basic" | "mtls" | "spiffe";

/** Who calls. Frozen through and through: calls with one credential share it. */
export interface Principal {
  readonly name: string;
  readonly issuer: string | undefined;
  readonly method: AuthMethod;
  readonly groups: readonly string[];
  /** What an OAuth token was granted for; empty for other methods. */
  readonly scopes: readonly string[];
  /** The program that a token was issued to. */
  readonly clientId: string | undefined;
  /** Names the credential in records without giving it away: a token's `jti`, a key's id, a certificate's fingerprint, else 16 hex digits of the token's SHA-256. */
  readonly credentialId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Functions that the credential is limited to; left out where it is not. */
  readonly functions?: readonly string[];
  /** Epoch milliseconds at which the credential ends, undefined when it does not by itself. */
  readonly expiresAtMs: number | undefined;
}

/** What is called. */
export interface Target {
  readonly api: ApiDefinition;
  /** Answers in place of the author's code: what a protocol gives where its author wrote no method. */
  readonly builtIn?: (input: Payload) => Payload;
}

/** A fact that an author's method tells about its answer. */
export type TagValue = string | number | boolean;

/** One use of a metric while a call ran; a timer's value is in milliseconds. */
export interface MetricUse {
  readonly kind: "counter" | "gauge" | "timer";
  readonly name: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** How the connection of a request is secured; one object for all requests of a connection. */
export interface TlsFacts {
  /** "TLSv1.2" or "TLSv1.3". */
  readonly version: string;
  /** As IANA names it. */
  readonly cipher: string;
  /** The certificate that the caller has shown, trusted or not. */
  readonly client: ClientCertificate | undefined;
}

/** A caller's certificate. */
export interface ClientCertificate {
  readonly certificate: X509Certificate;
  /** The distinguished name on one line. */
  readonly subject: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** Why it proves nothing: no chain to the server's bundle, revoked, out of its dates, not made for clients; undefined for one that counts. */
  readonly fault: string | undefined;
}

/** What every request brings, whatever carried it. */
export interface CallRequest {
  readonly requestId: string;
  /** HTTP method in upper case, or "gRPC". */
  readonly method: string;
  /** Template of the route that matched, or `/package.Service/Method`: bounded, fit for metric labels. */
  readonly route: string;
  /** Path without the query; undefined over gRPC, and of bytes that are no request. */
  readonly path?: string;
  /** Parameters of the query; undefined over gRPC. */
  readonly query?: URLSearchParams;
  /** Headers, or metadata by lower-case name; its binary values (`…-bin`) in base64, as they travel. */
  readonly headers: IncomingHttpHeaders;
  /** Every field or metadata value of that lower-case name as it came: a name that was sent twice gives two. */
  valuesOf(name: string): readonly string[];
  /** Address of the socket's other end. */
  readonly peerIp: string;
  /** Address of the caller, behind trusted proxies the forwarded one. */
  readonly clientIp: string;
  /** How the connection is secured; undefined where it is not. */
  readonly tls?: TlsFacts | undefined;
  /** Aborts when the caller is gone. */
  readonly signal: Cancellation;
}

/** One HTTP request as protocols see it, whichever framework took it off the socket. */
export interface HttpRequest extends CallRequest {
  /** Path without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body as it came, still encoded; asking for it sends `100 Continue` when the caller waits for it. */
  openBody(): Readable;
}

/** An answer over HTTP. A stream of chunks ends the reply when it ends; when it throws, the connection is cut. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array | string> | undefined;
}

/** What is written down of a call: the part of it that records read. */
export type RecordedCall = Pick<
  RawCall<unknown>,
  "request" | "protocol" | "route" | "isTargetInBody" | "bytesIn" | "bytesOut"
>;

/**
 * One call of any protocol: the pipeline says when each step happens, the protocol says how.
 *
 * `decode` is called after the caller was authorised and admitted, at most once.
 */
export interface RawCall<R> {
  readonly request: CallRequest;
  readonly protocol: string;
  /** What stands for the request's route in records, where that is one of several things. Bounded, never a path. */
  readonly route?: string | undefined;
  /** Bytes that the body will hold by what the caller announced; 0 for a body that `decode` refuses for its length. */
  readonly announcedBytes: number | undefined;
  /** Body bytes read so far, after decompression. */
  bytesIn(): number;
  /** Body bytes of the reply before compression, undefined for streams and before it was encoded. */
  bytesOut(): number | undefined;
  /** Milliseconds that the caller gives, undefined when it names none. Throws INVALID_ARGUMENT for an unreadable value. */
  callerTimeoutMs(): number | undefined;
  /** Whether its replies tell which metrics the method has used. */
  readonly carriesMetrics?: boolean;
  /** Whether `target` has to read the body to know what is called; it is then called after the caller was admitted, and what it throws for its body is as from `decode`. */
  readonly isTargetInBody?: boolean;
  target(reading: Reading): Target | Promise<Target>;
  /** In which shape the result is wanted; asked after `target`, throws NOT_ACCEPTABLE before any work when it can't be had. */
  wants(): PayloadKind;
  /** `hold` is told how many body bytes have come so far; what it throws ends the reading. */
  decode(reading: Reading): Payload | Promise<Payload>;
  encode(output: Payload, extra: ReplyExtra): R | Promise<R>;
  /** Opens the reply of a streaming API; each value is encoded as it comes, an error inside ends the stream in the protocol's way. */
  encodeStream(outputs: AsyncIterable<Payload>, extra: ReplyExtra): R;
  /** The reply of this protocol for an error; its text holds nothing that is not `exposed`. */
  encodeError(error: ServingError): R;
  /** Frees what decoding left behind, such as spooled files. Never throws. */
  dispose(): void | Promise<void>;
}

/** What ends the reading of a body, and who is told of its bytes. */
export interface Reading {
  readonly signal: Cancellation;
  /** Told how many body bytes have come so far; what it throws ends the reading. */
  readonly hold: (bytes: number) => void;
  /** Shown every piece of the body as it is decoded, after decompression; pieces must not be kept or written to. */
  readonly tap?: ((piece: Uint8Array) => void) | undefined;
}

/** What the author's code adds to a reply. */
export interface ReplyExtra {
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: ReadonlyMap<string, TagValue>;
  /** Uses of metrics in their order, the first 1000; empty unless the call carries them. */
  readonly metrics: readonly MetricUse[];
}

/** One route of a protocol over HTTP. */
export interface HttpRoute {
  /** Stable name, for configuration by route id. */
  readonly id: string;
  readonly method: HttpMethod;
  /** Path template with `:name` parameters. */
  readonly path: string;
  /** Name of the function that it calls, null where the service has none for it; left out where the path or the body says which. */
  readonly api?: string | null;
  readonly stream: boolean;
  open(request: HttpRequest): RawCall<HttpReply>;
}

export type HttpMethod = "GET" | "POST" | "PUT" | "DELETE";

/** One route that tells of the server or of a model and calls none: metadata, readiness, lists. It passes the same checks as a call. */
export interface HttpInfoRoute {
  readonly id: string;
  readonly protocol: string;
  readonly method: HttpMethod;
  /** Path template with `:name` parameters. */
  readonly path: string;
  /** Whether callers without credentials may ask: probes. */
  readonly isPublic: boolean;
  /** Throws ServingError; NOT_FOUND for what is not there. */
  answer(request: HttpRequest): HttpReply | Promise<HttpReply>;
  encodeError(error: ServingError, requestId: string): HttpReply;
}

/** One gRPC call as protocols see it. */
export interface GrpcRequest extends CallRequest {
  readonly method: "gRPC";
  /** Milliseconds until the caller's deadline, undefined when it names none. */
  timeoutMs(): number | undefined;
  /**
   * Reads the one message of the call, decompressed; nothing of it is read before. Throws PAYLOAD_TOO_LARGE from its announced length or while counting,
   * INVALID_ARGUMENT when there is none or more than one.
   */
  readMessage(limits: BodyLimits): Promise<Buffer>;
  /**
   * Reads the messages of a call that may have any number, in place of `readMessage`: each is taken off the connection when it is asked for. The limits hold for each; throws as
   * `readMessage` does.
   */
  messages(limits: BodyLimits): AsyncIterable<Buffer>;
}

/** An answer over gRPC: one message, or a stream of messages that ends well when it ends; one that throws a ServingError ends with its status. */
export interface GrpcReply {
  /** Status code of the gRPC specification; 0 is OK. A reply that is not OK has no message. */
  readonly status: number;
  readonly details: string;
  /** Initial metadata: names in lower case, ASCII values. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

/** One method of a gRPC service. */
export interface GrpcRoute {
  /** Stable name, for configuration by route id. */
  readonly id: string;
  /** `package.Service`. */
  readonly service: string;
  readonly method: string;
  /** Name of the function that it calls, null where the service has none for it; left out where the message says which. */
  readonly api?: string | null;
  readonly stream: boolean;
  open(request: GrpcRequest): RawCall<GrpcReply>;
}

/** One gRPC method that tells of the server or of a model and calls none. It passes the same checks as a call. */
export interface GrpcInfoRoute {
  readonly id: string;
  readonly protocol: string;
  readonly service: string;
  readonly method: string;
  readonly isPublic: boolean;
  /** Takes the request message, gives the reply message. Throws ServingError. */
  answer(message: Buffer, request: GrpcRequest): Uint8Array | Promise<Uint8Array>;
}

/** One gRPC method that tells of the server in a stream and calls no API. It passes the same checks as a call. */
export interface GrpcTalkRoute {
  readonly id: string;
  readonly protocol: string;
  readonly service: string;
  readonly method: string;
  readonly isPublic: boolean;
  /** Answers messages with messages. `signal` aborts when the caller leaves or the server stops, which ends the messages too. Throws ServingError. */
  converse(messages: AsyncIterable<Buffer>, signal: Cancellation): AsyncIterable<Uint8Array>;
}
