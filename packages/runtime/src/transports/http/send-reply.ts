import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { HttpReply } from "../../call/types.ts";
import { endTogether } from "../end-together.ts";
import { LARGE_BYTES } from "../slow-readers.ts";
import { compressReply, type Encoded } from "./compress.ts";
import { noteLarge } from "./connection-life.ts";

/** Headers of every reply. Source: security.md A9. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/** How long a connection that is to end may still take what was written, or bring what was on its way. */
const LINGER_MS = 1_000;

interface ReplyFacts {
  readonly requestId: string;
  /** Whether the connection ends with this reply. */
  readonly close: boolean;
  /** Names and values, in turn, of headers that the reply has beside its own. */
  readonly lines: readonly string[];
}

/**
 * Writes a reply. What it returns settles when a stream was handed to the connection or the connection is gone; a whole reply is with the end of this turn of the
 * event loop. Never rejects.
 */
export function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  facts: ReplyFacts,
): void | Promise<void> {
  if (response.destroyed) return abandon(reply);
  const encoded = compressReply(request.headers["accept-encoding"], reply);
  if (!(encoded instanceof Promise)) return write(request, response, { ...facts, status: reply.status, ...encoded });
  return encoded.then((late) => write(request, response, { ...facts, status: reply.status, ...late }));
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, close, lines, status, headers: extra, body }: ReplyFacts & Encoded & { readonly status: number },
): void | Promise<void> {
  const unread = hasUnreadBody(request);
  const headers = toRawHeaders(requestId, extra);
  if (lines.length > 0) headers.push(...lines);
  if (close || unread) headers.push("connection", "close");
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    if (status !== 204) headers.push("content-length", String(length));
    response.writeHead(status, headers);
    const sent = request.method === "HEAD" ? undefined : body;
    if (unread) return linger(request, response, sent);
    // A text goes out together with the headers in one write; bytes would take a second buffer. One of ASCII alone is copied as it is.
    const encoding = typeof sent === "string" && sent.length === length ? "latin1" : "utf8";
    endTogether(() => {
      response.end(sent, encoding);
      if (length > LARGE_BYTES) noteLarge(response.socket);
    });
    return;
  }
  response.writeHead(status, headers);
  return writeStream(response, body);
}

const SECURITY_LINES: readonly (readonly [string, string])[] = Object.entries(SECURITY_HEADERS);

/** Names and values in turn: Node takes such a list as it is, where an object would become one first. A header of the reply goes over one of ours. */
function toRawHeaders(requestId: string, extra: HttpReply["headers"]): string[] {
  const lines = ["x-request-id", requestId];
  for (const [name, value] of SECURITY_LINES) if (extra[name] === undefined) lines.push(name, value);
  for (const name in extra) lines.push(name, extra[name] ?? "");
  return lines;
}

async function writeStream(response: ServerResponse, chunks: AsyncIterable<Uint8Array | string>): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  response.flushHeaders();
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (response.destroyed) break;
      // A slow reader holds its producer back instead of filling memory.
      if (!response.write(next.value)) await drainedOrClosed(response);
    }
    response.end();
  } catch {
    cutOff(response);
  } finally {
    await iterator.return?.();
  }
}

/** Waits on both events and leaves no listener of the other behind, as `once` would: a slow reader drains thousands of times. */
function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/**
 * Ends the connection behind what was written, for a second at the most.
 *
 * The last value tells the caller what went wrong, so it has to get there; a connection that ends without the last chunk says that the stream is not whole.
 */
function cutOff(response: ServerResponse): void {
  const { socket } = response;
  // An injected request has no real socket: whoever made it is told by the reply's own end.
  if (!(socket instanceof Socket)) return void response.destroy();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.destroySoon();
}

async function abandon(reply: HttpReply): Promise<void> {
  if (typeof reply.body === "object" && Symbol.asyncIterator in reply.body)
    await reply.body[Symbol.asyncIterator]().return?.();
}

function hasUnreadBody(request: IncomingMessage): boolean {
  const announced =
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  // What came whole with the headers is taken without listening to the stream (call/body/read-body.ts), before the parser says that it was all.
  const isTaken = request.readableDidRead && request.readableFlowing === null;
  return announced && !isTaken && !request.readableEnded && !request.complete;
}

/**
 * Sends the whole reply, then throws away what the caller still sends, for a second at the most.
 *
 * Closing at once would reset the connection, and the caller would lose the reply that tells what was wrong.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: string | Uint8Array | undefined): void {
  if (body === undefined || body.length === 0) response.flushHeaders();
  else response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once("end", end);
  request.once("close", end);
  request.resume();
}
