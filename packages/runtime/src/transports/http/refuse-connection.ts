import type { Socket } from "node:net";
import type { HttpReply } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import { requestIdOf } from "../../call/request-id.ts";
import { SECURITY_HEADERS } from "./send-reply.ts";

// An import of node:http in a module loads Node's own fetch client with it, which takes longer than fastify (nodejs/node#59686).
const { STATUS_CODES } = process.getBuiltinModule("node:http");

/** The reply for an error outside of routes. */
export type EncodeError = (error: ServingError, requestId: string) => HttpReply;

const UNREADABLE: Readonly<Record<string, readonly [ServingError["code"], string]>> = {
  HPE_HEADER_OVERFLOW: ["HEADERS_TOO_LARGE", "the headers pass server.limits.headers"],
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "the request did not arrive in time"],
};

/** How long a refused sender may take to read the reply and stop sending. */
const LINGER_MS = 1_000;

// What such a sender sends behind its fault is reported as further faults.
const REFUSED = new WeakSet<Socket>();

/** Answers bytes that are no HTTP request, on the bare socket, and ends the connection. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket, encodeError: EncodeError): void {
  if (REFUSED.has(socket)) return;
  // Behind the first byte of a reply another one would be taken for a part of it.
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  const [code, text] = UNREADABLE[error.code ?? ""] ?? ["INVALID_ARGUMENT", "the bytes are not an HTTP/1.1 request"];
  refuseConnection(socket, new ServingError(code, text), encodeError);
}

/**
 * Sends an error on the bare socket and ends the connection, whatever its other end does.
 *
 * What still comes is thrown away for a second: closing at once would reset the connection, and the reply would be lost.
 */
export function refuseConnection(socket: Socket, error: ServingError, encodeError: EncodeError): void {
  REFUSED.add(socket);
  const requestId = requestIdOf({ headers: {} });
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
  // A sender that resets the connection has nobody to be told.
  socket.on("error", () => {});
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
  socket.resume();
}
