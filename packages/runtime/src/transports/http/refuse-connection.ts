import type { Socket } from "node:net";
import { Canceller } from "../../call/cancellation.ts";
import type { CallRequest, HttpReply } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { requestIdOf } from "../../call/request-id.ts";
import { NO_ROUTE } from "../../pipeline/refuse-unrouted.ts";
import { tlsFactsOf } from "../tls/tls-facts.ts";
import { SECURITY_HEADERS } from "./send-reply.ts";

// An import of node:http in a module loads Node's own fetch client with it, which takes longer than fastify (nodejs/node#59686).
const { STATUS_CODES } = process.getBuiltinModule("node:http");

/** Told of a request that no route answers, or of bytes that are none; gives the error to answer with. */
export type Refuse = (
  request: CallRequest,
  error: ServingError,
  facts: { readonly isReadable: boolean },
) => Promise<ServingError>;

/** How what comes to no route is answered. */
export interface Refusals {
  readonly refuse: Refuse;
  /** The reply for an error outside of routes. */
  readonly encodeError: (error: ServingError, requestId: string) => HttpReply;
  /** What could be read of the request. */
  readonly sent?: Pick<CallRequest, "method" | "headers">;
}

const UNREADABLE: Readonly<Record<string, readonly [ServingError["code"], string]>> = {
  HPE_HEADER_OVERFLOW: ["HEADERS_TOO_LARGE", "the headers pass server.limits.headers"],
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "the request did not arrive in time"],
};

/** How long a refused sender may take to read the reply and stop sending. */
const LINGER_MS = 1_000;

// What such a sender sends behind its fault is reported as further faults.
const REFUSED = new WeakSet<Socket>();

/** Answers bytes that are no HTTP request, on the bare socket, and ends the connection. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket, refusals: Refusals): void {
  if (REFUSED.has(socket)) return;
  // Behind the first byte of a reply another one would be taken for a part of it.
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  const [code, text] = UNREADABLE[error.code ?? ""] ?? ["INVALID_ARGUMENT", "the bytes are not an HTTP/1.1 request"];
  refuseConnection(socket, new ServingError(code, text), refusals);
}

/**
 * Sends an error on the bare socket and ends the connection, whatever its other end does.
 *
 * What still comes is thrown away for a second: closing at once would reset the connection, and the reply would be lost.
 */
export function refuseConnection(socket: Socket, error: ServingError, refusals: Refusals): void {
  REFUSED.add(socket);
  // A sender that resets the connection has nobody to be told.
  socket.on("error", () => {});
  const request = requestOf(socket, refusals.sent ?? UNREAD);
  // Of a request that a route has taken its own record tells. Node looks at the same field before it answers for itself.
  const isTaken = "_httpMessage" in socket && socket._httpMessage !== null;
  if (isTaken) sendRefusal(socket, error, { ...refusals, requestId: request.requestId });
  else {
    const isReadable = refusals.sent !== undefined;
    void refusals
      .refuse(request, error, { isReadable })
      .then((refusal) => sendRefusal(socket, refusal, { ...refusals, requestId: request.requestId }));
  }
}

const UNREAD = { method: "none", headers: {} } as const;

function requestOf(socket: Socket, { method, headers }: NonNullable<Refusals["sent"]>): CallRequest {
  const peerIp = socket.remoteAddress ?? "";
  return {
    requestId: requestIdOf({ headers }),
    method,
    route: NO_ROUTE,
    headers,
    // The parser joins fields of one name by a comma: what it can't read is refused whoever sends it.
    valuesOf: (name) => [headers[name] ?? []].flat(),
    peerIp,
    clientIp: peerIp,
    tls: tlsFactsOf(socket),
    signal: new Canceller(),
  };
}

function sendRefusal(
  socket: Socket,
  error: ServingError,
  { encodeError, requestId }: Refusals & { readonly requestId: string },
): void {
  const { status, headers, body } = encodeError(error, requestId);
  const text = typeof body === "string" ? body : "";
  const lines = Object.entries({
    ...SECURITY_HEADERS,
    "x-request-id": requestId,
    ...headers,
    "content-length": String(Buffer.byteLength(text)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
  socket.resume();
}
