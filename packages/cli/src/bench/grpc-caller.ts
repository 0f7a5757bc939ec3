import { type ClientHttp2Session, connect } from "node:http2";
import { statusName } from "./grpc-status.ts";
import type { CallerOptions } from "./http-caller.ts";
import { type Caller, lostOutcome, type Outcome, type Shot } from "./shot.ts";

/** Bytes before each message: whether it is compressed, and its length. Source: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5;

/** Sends unary calls of gRPC to a base URL over `connections` connections, one call after the other on each. */
export function createGrpcCaller(url: URL, { connections, timeoutMs, ca, signal }: CallerOptions): Caller {
  const idle: ClientHttp2Session[] = [];
  const open = new Set<ClientHttp2Session>();
  const take = (): ClientHttp2Session => {
    for (let session = idle.pop(); session !== undefined; session = idle.pop())
      if (!session.closed && !session.destroyed) return session;
    const session = connect(url, ca === undefined ? {} : { ca });
    open.add(session);
    // The calls on it are told; without a listener it would end the process.
    return session.on("error", () => undefined).on("close", () => open.delete(session));
  };
  return {
    async send(shot) {
      const session = take();
      const outcome = await call(session, shot, { timeoutMs, signal });
      if (idle.length < connections) idle.push(session);
      return outcome;
    },
    close() {
      for (const session of open) session.destroy();
    },
  };
}

function call(
  session: ClientHttp2Session,
  { path, headers, body }: Shot,
  { timeoutMs, signal }: Pick<CallerOptions, "timeoutMs" | "signal">,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const stream = session.request(
      { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers },
      { signal },
    );
    let receivedBytes = 0;
    let http = 0;
    let status: string | undefined;
    let message: string | undefined;
    const look = (fields: Readonly<Record<string, unknown>>): void => {
      if (typeof fields["grpc-status"] === "string") status = fields["grpc-status"];
      if (typeof fields["grpc-message"] === "string") message = decoded(fields["grpc-message"]);
    };
    const lost = (cause: unknown): void => resolve(lostOutcome(cause));
    // Of the whole answer: one that comes byte by byte must not keep the bench from its end.
    const timer = setTimeout(() => stream.destroy(new DOMException("no answer in time", "TimeoutError")), timeoutMs);
    stream
      .on("response", (fields) => {
        http = Number(fields[":status"]);
        look(fields);
      })
      .on("data", (piece: Buffer) => (receivedBytes += piece.length))
      .on("trailers", look)
      .on("error", lost)
      .on("close", () => {
        clearTimeout(timer);
        if (status === undefined) lost(new Error(http === 200 ? "the call ended without a status" : `HTTP ${http}`));
        else {
          const name = statusName(status);
          resolve({
            status: name,
            isOk: name === "OK",
            receivedBytes,
            ...(message === undefined ? {} : { detail: message }),
          });
        }
      });
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(body.length, 1);
    stream.write(prefix);
    stream.end(body);
  });
}

/** A message of a status; as it came where it is not encoded as it must be. Source: gRPC over HTTP/2, "Percent-Encoded". */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
