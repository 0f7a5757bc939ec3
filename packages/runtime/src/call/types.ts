import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Cancellation } from "./cancellation.ts";
import type { ApiDefinition } from "../definition/types.ts";
import type { Payload, PayloadKind } from "../io/types.ts";
import type { ServingError } from "../errors.ts";

/** Who calls. */
export interface Principal {
  readonly name: string;
  readonly issuer: string | undefined;
  readonly method: "anonymous";
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What is called. */
export interface Target {
  readonly api: ApiDefinition;
}

/** One HTTP request as protocols see it, whichever framework took it off the socket. */
export interface HttpRequest {
  readonly requestId: string;
  /** Upper case. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Template of the route that matched: bounded, fit for metric labels. */
  readonly route: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Address of the socket's other end. */
  readonly peerIp: string;
  /** Address of the caller, behind trusted proxies the forwarded one. */
  readonly clientIp: string;
  /** Aborts when the caller is gone. */
  readonly signal: Cancellation;
  /** The body as it came, still encoded; asking for it sends `100 Continue` when the caller waits for it. */
  openBody(): Readable;
}

/** An answer over HTTP. A stream of chunks ends the reply when it ends; when it throws, the connection is cut. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array | string> | undefined;
}

/**
 * One call of any protocol: the pipeline says when each step happens, the protocol says how.
 *
 * `decode` is called after the caller was authorised and admitted, at most once.
 */
export interface RawCall<R> {
  readonly requestId: string;
  readonly protocol: string;
  /** HTTP method or "gRPC". */
  readonly method: string;
  /** Bounded: a route template, never a path. */
  readonly route: string;
  readonly peerIp: string;
  readonly clientIp: string;
  readonly userAgent: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Bytes that the body will hold by what the caller announced; 0 for a body that `decode` refuses for its length. */
  readonly announcedBytes: number | undefined;
  /** Body bytes read so far, after decompression. */
  bytesIn(): number;
  /** Body bytes of the reply before compression, undefined for streams and before it was encoded. */
  bytesOut(): number | undefined;
  /** Milliseconds that the caller gives, undefined when it names none. Throws INVALID_ARGUMENT for an unreadable value. */
  callerTimeoutMs(): number | undefined;
  /** Aborts when the caller is gone. */
  readonly signal: Cancellation;
  target(): Target | Promise<Target>;
  /** In which shape the result is wanted; throws NOT_ACCEPTABLE before any work when it can't be had. */
  wants(): PayloadKind;
  /** `hold` is told how many body bytes have come so far; what it throws ends the reading. */
  decode(limits: { readonly signal: Cancellation; readonly hold: (bytes: number) => void }): Promise<Payload>;
  encode(output: Payload, extra: ReplyExtra): R | Promise<R>;
  /** Opens the reply of a streaming API; each value is encoded as it comes, an error inside ends the stream in the protocol's way. */
  encodeStream(outputs: AsyncIterable<Payload>, extra: ReplyExtra): R;
  /** The reply of this protocol for an error; its text holds nothing that is not `exposed`. */
  encodeError(error: ServingError): R;
  /** Frees what decoding left behind, such as spooled files. Never throws. */
  dispose(): void | Promise<void>;
}

/** What the author's code adds to a reply. */
export interface ReplyExtra {
  readonly headers: Readonly<Record<string, string>>;
}

/** One route of a protocol over HTTP. */
export interface HttpRoute<R = HttpReply> {
  /** Stable name, for configuration by route id. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path template with `:name` parameters. */
  readonly path: string;
  readonly stream: boolean;
  open(request: HttpRequest): RawCall<R>;
}
