import net from "node:net";

/** A reply as it stood on the wire. */
export interface RawReply {
  readonly status: number;
  /** By lower-case name; of a name that came twice, both joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** What came back over one connection. */
export interface RawExchange {
  readonly replies: readonly RawReply[];
  /** Everything that came, as Latin-1 text. */
  readonly wire: string;
  /** Whether the server ended the connection; false when the time was over before. */
  readonly closed: boolean;
}

export interface SendOptions {
  readonly port: number;
  /** How long the server has to end the connection. */
  readonly withinMs?: number;
  /** Whether this side keeps its half of the connection open when the server has ended its own. */
  readonly keepHalfOpen?: boolean;
}

/** Sends bytes as they are over a connection of its own and reads until the server ends it: no client library stands between, which would refuse to send most attacks. */
export function sendRaw(
  chunks: readonly (string | Uint8Array)[],
  { port, withinMs = 10_000, keepHalfOpen = false }: SendOptions,
): Promise<RawExchange> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: keepHalfOpen });
    const received: Buffer[] = [];
    let closed = false;
    const settle = (): void => {
      clearTimeout(timer);
      socket.destroy();
      const wire = Buffer.concat(received);
      resolve({ replies: parseReplies(wire), wire: wire.toString("latin1"), closed });
    };
    const timer = setTimeout(settle, withinMs);
    socket.on("data", (chunk) => received.push(chunk));
    // A server that refuses early resets connections that go on sending: what it said before counts.
    socket.on("error", () => void (closed = true));
    socket.on("end", () => void (closed = true));
    socket.on("close", () => {
      closed = true;
      settle();
    });
    for (const chunk of chunks) socket.write(chunk);
  });
}

/** Takes HTTP/1.1 replies apart: bodies by content length, in chunks, or up to the end. */
function parseReplies(wire: Buffer): readonly RawReply[] {
  const replies: RawReply[] = [];
  let rest = wire;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return replies;
    const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? NaN);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers.set(name, headers.has(name) ? `${headers.get(name) ?? ""}, ${value}` : value);
    }
    const after = rest.subarray(end + 4);
    if (status === 100) {
      rest = after;
      continue;
    }
    const { body, length } = readBody(after, headers);
    replies.push({ status, headers, text: body.toString("utf8") });
    rest = after.subarray(length);
  }
}

function readBody(bytes: Buffer, headers: ReadonlyMap<string, string>): { body: Buffer; length: number } {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(bytes);
  const announced = headers.get("content-length");
  const length = announced === undefined ? bytes.length : Math.min(Number(announced), bytes.length);
  return { body: bytes.subarray(0, length), length };
}

function readChunks(bytes: Buffer): { body: Buffer; length: number } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = lineEnd < 0 ? NaN : Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    if (!(size > 0)) return { body: Buffer.concat(parts), length: size === 0 ? lineEnd + 4 : bytes.length };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

/** A request as it goes on the wire, asking that the connection end after it; `content-length` is set unless the headers say how long the body is. */
export function toWire(request: {
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}): (string | Uint8Array)[] {
  const { method = "POST", path, headers = [], body = "" } = request;
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const framing =
    names.has("content-length") || names.has("transfer-encoding") || (body.length === 0 && method === "GET")
      ? []
      : [`content-length: ${Buffer.byteLength(body)}`];
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(names.has("host") ? [] : ["host: localhost"]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...framing,
    ...(names.has("connection") ? [] : ["connection: close"]),
  ];
  return [Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body];
}
