import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { Canceller } from "../../call/cancellation.ts";
import { ServingError } from "../../errors.ts";
import { toGrpcError, toGrpcReply } from "../../protocols/grpc/grpc-error.ts";
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from "./create-grpc-server.ts";

interface Started {
  readonly server: GrpcServer;
  readonly net: Server;
  readonly port: number;
  /** Resolves with the number of calls that have begun. */
  begun(count: number): Promise<void>;
  /** Lets every call be answered. */
  release(): void;
}

const started: Started[] = [];
const clients: { close(): void }[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const { server, net, release } of started.splice(0)) {
    release();
    net.close();
    server.close();
  }
});

/** A server over a real port whose one method answers when it is released. */
async function start(options: Partial<GrpcServerOptions> = {}): Promise<Started> {
  const gate = Promise.withResolvers<void>();
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let calls = 0;
  const server = createGrpcServer({
    methods: [
      {
        id: "test",
        isPublic: false,
        service: "test.Gate",
        method: "Pass",
        handle: async (request) => {
          calls += 1;
          for (const { count, resolve } of waiting) if (calls >= count) resolve();
          await gate.promise;
          return toGrpcReply(
            await request.readMessage({ maxBytes: 1_000, limitName: "a limit", signal: new Canceller() }),
          );
        },
      },
    ],
    unknown: ({ requestId }) => toGrpcError(new ServingError("UNIMPLEMENTED", "no such method"), requestId),
    trustedProxies: [],
    maxConnectionAgeMs: 3_600_000,
    requestTimeoutMs: 60_000,
    untakenBytes: 1e9,
    headersBytes: 32_768,
    ...options,
  });
  const net = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => server.accept(socket));
  await new Promise<void>((resolve) => net.listen(0, "127.0.0.1", resolve));
  const { port } = net.address() as AddressInfo;
  const begun = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (calls >= count) resolve();
      else waiting.push({ count, resolve });
    });
  const one = { server, net, port, begun, release: gate.resolve };
  started.push(one);
  return one;
}

function open({ port }: Started): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`).on("error", () => undefined);
  clients.push({ close: () => session.destroy() });
  return session;
}

const HEADERS = { ":method": "POST", ":path": "/test.Gate/Pass", "content-type": "application/grpc", te: "trailers" };

/** A call with an empty message. */
function pass(session: ClientHttp2Session): ClientHttp2Stream {
  const stream = session.request(HEADERS).on("error", () => undefined);
  stream.end(Buffer.alloc(5));
  return stream.resume();
}

async function statusOf(stream: ClientHttp2Stream): Promise<unknown> {
  const [trailers]: unknown[] = await once(stream, "trailers");
  return Reflect.get(Object(trailers), "grpc-status");
}

/** The code of the GOAWAY that the server sends. */
async function goawayOf(session: ClientHttp2Session): Promise<unknown> {
  const [code]: unknown[] = await once(session, "goaway");
  return code;
}

const NO_ERROR = 0;

describe("a connection", () => {
  it("is told to go away at its greatest age, and what runs on it is finished", async () => {
    const server = await start({ maxConnectionAgeMs: 50 });
    const session = open(server);
    const ended = statusOf(pass(session));
    const goaway = goawayOf(session);
    await server.begun(1);
    expect(await goaway).toBe(NO_ERROR);
    const closed = once(session, "close");
    server.release();
    expect(await ended).toBe("0");
    await closed;
  });

  it("without a call is told to go away and ends, one with a call goes on", async () => {
    const server = await start({ idleMs: 20 });
    const [idle, busy] = [open(server), open(server)];
    const ended = statusOf(pass(busy));
    await server.begun(1);
    expect(await goawayOf(idle)).toBe(NO_ERROR);
    if (!idle.closed) await once(idle, "close");
    server.release();
    expect(await ended).toBe("0");
  });

  it("of a client that knows gRPC is replaced by a new one at its greatest age, and no call fails", async () => {
    const server = await start({ maxConnectionAgeMs: 20 });
    server.release();
    const peers = new Set<Socket>();
    server.net.on("connection", (socket: Socket) => peers.add(socket));
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    clients.push(client);
    const same = (bytes: Buffer): Buffer => bytes;
    const call = (): Promise<ServiceError | null> =>
      new Promise((resolve) => {
        client.makeUnaryRequest("/test.Gate/Pass", same, same, Buffer.alloc(3), (error) => resolve(error));
      });
    while (peers.size < 4) expect(await call()).toBeNull();
  });

  it("that answers no ping is cut, and one that does is not", async () => {
    const server = await start({ keepalive: { afterMs: 50, timeoutMs: 500 } });
    const session = open(server);
    const stream = pass(session);
    await server.begun(1);
    // Acknowledges nothing, as a machine that has lost its network.
    const socket = rawSocketOf(server);
    await once(socket, "connect");
    const cut = once(socket, "close");
    socket.write(Buffer.concat([PREFACE, SETTINGS]));
    await cut;
    // The other client answers its pings.
    const ended = statusOf(stream);
    server.release();
    expect(await ended).toBe("0");
  });

  it("that drains is told to go away at once, and what runs on it is finished", async () => {
    const server = await start();
    const session = open(server);
    const ended = Promise.all([statusOf(pass(session)), statusOf(pass(session))]);
    await server.begun(2);
    const goaway = goawayOf(session);
    let isDrained = false;
    const drained = server.server.drain().then(() => (isDrained = true));
    expect(await goaway).toBe(NO_ERROR);
    expect(isDrained).toBe(false);
    server.release();
    expect(await ended).toEqual(["0", "0"]);
    await drained;
  });

  it("carries at most 100 calls at once, the next begins when one has ended", async () => {
    const server = await start();
    const session = open(server);
    await once(session, "remoteSettings");
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    const streams = Array.from({ length: 101 }, () => statusOf(pass(session)));
    await server.begun(100);
    server.release();
    expect(new Set(await Promise.all(streams))).toEqual(new Set(["0"]));
  });
});

/** Begins every HTTP/2 connection of a client. Source: RFC 9113, section 3.4. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** An empty SETTINGS frame: length 0, type 4. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A client that never answers. */
function rawSocketOf({ port }: Started): Socket {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  sockets.push(socket);
  return socket.resume();
}
