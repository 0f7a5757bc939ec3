import type { IncomingHttpHeaders } from "node:http";
import { createServer, type AddressInfo, type Server as NetServer } from "node:net";
import { connect as connectHttp2 } from "node:http2";
import { gzipSync } from "node:zlib";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { Canceller } from "../../call/cancellation.ts";
import type { GrpcReply, GrpcRequest } from "../../call/types.ts";
import { ServingError, toServingError } from "../../errors.ts";
import { toGrpcError, toGrpcReply } from "../../protocols/grpc/grpc-error.ts";
import { createGrpcServer, type GrpcServer } from "./create-grpc-server.ts";

const LIMIT = { maxBytes: 1_000, limitName: "server.limits.grpc", signal: new Canceller() };

/** A server over a real port whose one method is `handle`. */
async function start(handle: (request: GrpcRequest) => Promise<GrpcReply>): Promise<{ client: Client; port: number }> {
  const server = createGrpcServer({
    methods: [
      {
        id: "test",
        isPublic: false,
        service: "test.Echo",
        method: "Call",
        handle: (request) =>
          handle(request).catch((thrown: unknown) => toGrpcError(toServingError(thrown), request.requestId)),
      },
    ],
    unknown: ({ requestId }) => toGrpcError(new ServingError("UNIMPLEMENTED", "no such method"), requestId),
    trustedProxies: [],
    maxConnectionAgeMs: 3_600_000,
    requestTimeoutMs: 60_000,
    untakenBytes: 1e9,
    headersBytes: 32_768,
  });
  const net = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => server.accept(socket));
  await new Promise<void>((resolve) => net.listen(0, "127.0.0.1", resolve));
  const { port } = net.address() as AddressInfo;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.max_send_message_length": -1 });
  open.push({ server, net, client });
  return { client, port };
}

const open: { readonly server: GrpcServer; readonly net: NetServer; readonly client: Client }[] = [];

afterEach(() => {
  for (const { server, net, client } of open.splice(0)) {
    client.close();
    net.close();
    server.close();
  }
});

const same = (bytes: Buffer): Buffer => bytes;

interface Answer {
  readonly message: Buffer | undefined;
  readonly error: ServiceError | null;
  readonly metadata: Metadata | undefined;
}

function call(client: Client, message: Buffer, metadata = new Metadata(), deadlineMs?: number): Promise<Answer> {
  return new Promise((resolve) => {
    let initial: Metadata | undefined;
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    client
      .makeUnaryRequest("/test.Echo/Call", same, same, message, metadata, options, (error, reply) =>
        resolve({ message: reply, error, metadata: initial }),
      )
      .on("metadata", (received) => (initial = received));
  });
}

const echo = async (request: GrpcRequest): Promise<GrpcReply> =>
  toGrpcReply(await request.readMessage(LIMIT), { "x-kind": "echo" });

it("answers a message with a message, and its request id as metadata", async () => {
  const { client } = await start(echo);
  const metadata = new Metadata();
  metadata.set("x-request-id", "abc-1");
  const answer = await call(client, Buffer.from("hello"), metadata);
  expect(answer.message?.toString()).toBe("hello");
  expect(answer.metadata?.get("x-kind")).toEqual(["echo"]);
  expect(answer.metadata?.get("x-request-id")).toEqual(["abc-1"]);
});

it("takes empty messages, and messages that come in many frames", async () => {
  const { client } = await start((request) =>
    request.readMessage({ ...LIMIT, maxBytes: 3_000_000 }).then((message) => toGrpcReply(message)),
  );
  expect((await call(client, Buffer.alloc(0))).message).toHaveLength(0);
  const large = Buffer.alloc(2_500_000, 7);
  const answer = await call(client, large);
  expect(answer.message?.equals(large)).toBe(true);
});

it("reads no byte of a message that the method does not ask for", async () => {
  const { client } = await start(async () => ({
    ...toGrpcReply(undefined),
    status: status.UNAUTHENTICATED,
    details: "no",
  }));
  const answer = await call(client, Buffer.alloc(5_000_000));
  expect(answer.error).toMatchObject({ code: status.UNAUTHENTICATED, details: "no" });
});

it("refuses a message from its announced length, and names the option", async () => {
  const held: number[] = [];
  const { client } = await start((request) =>
    request.readMessage({ ...LIMIT, hold: (bytes) => void held.push(bytes) }).then((message) => toGrpcReply(message)),
  );
  const answer = await call(client, Buffer.alloc(1_001));
  expect(answer.error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(answer.error?.details).toContain("1001 bytes");
  expect(answer.error?.details).toContain("server.limits.grpc");
  expect(held).toEqual([]);
});

it("counts what a compressed message grows to", async () => {
  const { port } = await start(echo);
  const send = async (bytes: Buffer): Promise<string> => (await raw(port, frame(gzipSync(bytes), 1), "gzip")).status;
  expect(await send(Buffer.alloc(1_000))).toBe("0");
  expect(await send(Buffer.alloc(100_000))).toBe(String(status.RESOURCE_EXHAUSTED));
});

it("refuses damaged compression, an unknown encoding and a flag that is none", async () => {
  const { port } = await start(echo);
  expect(await raw(port, frame(Buffer.from("no gzip"), 1), "gzip")).toMatchObject({
    status: String(status.INVALID_ARGUMENT),
    message: expect.stringContaining("not valid gzip"),
  });
  expect((await raw(port, frame(Buffer.from("x"), 1), "snappy")).status).toBe(String(status.UNIMPLEMENTED));
  expect((await raw(port, frame(Buffer.from("x"), 7))).status).toBe(String(status.INVALID_ARGUMENT));
});

it("refuses a call without a message, and one with two", async () => {
  const { port } = await start(echo);
  expect(await raw(port, Buffer.alloc(0))).toMatchObject({ message: expect.stringContaining("it ended without") });
  const two = Buffer.concat([frame(Buffer.from("a")), frame(Buffer.from("b"))]);
  expect(await raw(port, two)).toMatchObject({ message: expect.stringContaining("a second one came") });
});

it("tells the method that its caller left in the middle of a message", async () => {
  const left = Promise.withResolvers<unknown>();
  const { port } = await start(async (request) => {
    const seen = await request.readMessage({ ...LIMIT, maxBytes: 2 ** 30 }).catch((thrown: unknown) => thrown);
    left.resolve(seen);
    throw seen;
  });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request(HEADERS);
  stream.on("error", () => undefined);
  stream.write(frame(Buffer.alloc(100_000)).subarray(0, 50_000), () => stream.destroy());
  expect(await left.promise).toMatchObject({ code: "CANCELLED" });
  session.destroy();
});

it("tells the method the time that its caller gives", async () => {
  const times: (number | undefined)[] = [];
  const { client } = await start((request) => {
    times.push(request.timeoutMs());
    return echo(request);
  });
  await call(client, Buffer.from("x"));
  await call(client, Buffer.from("x"), new Metadata(), 30_000);
  expect(times[0]).toBeUndefined();
  expect(times[1]).toBeGreaterThan(20_000);
  expect(times[1]).toBeLessThanOrEqual(30_000);
});

it("sends a stream of messages and its end, or the error that ended it", async () => {
  const { client } = await start(async (request) => {
    const word = (await request.readMessage(LIMIT)).toString();
    return toGrpcReply(
      (async function* () {
        yield Buffer.from("a");
        yield Buffer.from("b");
        if (word === "fail") throw new Error("inner text");
      })(),
    );
  });
  const read = async (
    word: string,
  ): Promise<{ readonly got: string[]; readonly code: number; readonly details: string }> => {
    const got: string[] = [];
    const stream = client.makeServerStreamRequest("/test.Echo/Call", same, same, Buffer.from(word));
    return new Promise((resolve) => {
      stream.on("data", (data: Buffer) => got.push(data.toString()));
      stream.on("error", () => undefined);
      stream.on("status", ({ code, details }) => resolve({ got, code, details }));
    });
  };
  expect(await read("fine")).toMatchObject({ got: ["a", "b"], code: status.OK });
  const failed = await read("fail");
  expect(failed).toMatchObject({ got: ["a", "b"], code: status.INTERNAL });
  expect(failed.details).not.toContain("inner text");
});

it("survives texts that no trailer can carry", async () => {
  const { client } = await start(async () => ({
    ...toGrpcReply(undefined),
    status: 3,
    details: "half \ud800 and ümlaut\n",
  }));
  expect((await call(client, Buffer.alloc(0))).error?.details).toContain("ümlaut");
});

it("answers a method that is not registered with UNIMPLEMENTED", async () => {
  const { client } = await start(echo);
  const code = await new Promise((resolve) => {
    client.makeUnaryRequest("/test.Echo/Other", same, same, Buffer.alloc(0), (error) => resolve(error?.code));
  });
  expect(code).toBe(status.UNIMPLEMENTED);
});

/** Answers each message of a call with its length. */
const lengths = async (request: GrpcRequest): Promise<GrpcReply> =>
  toGrpcReply(
    (async function* () {
      for await (const message of request.messages(LIMIT)) yield Buffer.from(String(message.length));
    })(),
  );

it("reads any number of messages, each compressed or not", async () => {
  const { port } = await start(lengths);
  const body = [frame(Buffer.alloc(3)), frame(gzipSync(Buffer.alloc(900)), 1), frame(Buffer.alloc(0))];
  const { status: ended, messages } = await raw(port, Buffer.concat(body), "gzip");
  expect({ ended, messages }).toEqual({ ended: "0", messages: ["3", "900", "0"] });
  expect(await raw(port, Buffer.alloc(0))).toMatchObject({ status: "0", messages: [] });
});

it("ends a stream of messages at the first that is too long, damaged or cut short", async () => {
  const { port } = await start(lengths);
  const after = (bad: Buffer): Promise<Raw> => raw(port, Buffer.concat([frame(Buffer.alloc(7)), bad]), "gzip");
  const long = await after(frame(Buffer.alloc(1_001)));
  expect(long).toMatchObject({ status: String(status.RESOURCE_EXHAUSTED) });
  expect(long.message).toContain("server.limits.grpc");
  expect(await after(frame(Buffer.from("no gzip"), 1))).toMatchObject({ status: String(status.INVALID_ARGUMENT) });
  expect(await after(frame(Buffer.alloc(9)).subarray(0, 9))).toMatchObject({ status: String(status.CANCELLED) });
});

it("takes no more of a flood of messages than the connection's window while it answers", async () => {
  const taken: number[] = [];
  const { port } = await start(async (request) => {
    const messages = request.messages({ ...LIMIT, maxBytes: 2 ** 20 });
    return toGrpcReply(
      (async function* () {
        for await (const message of messages) {
          taken.push(message.length);
          yield Buffer.from("one");
          // No answer follows, and nothing is asked for, until the caller leaves.
          await new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(undefined)));
        }
      })(),
    );
  });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request(HEADERS);
  stream.on("error", () => undefined);
  const message = frame(Buffer.alloc(2 ** 16));
  for (let sent = 0; sent < 64; sent += 1) stream.write(message);
  await new Promise((resolve) => stream.once("data", resolve));
  // What a ping passes was read by the server before: nothing more of the 4 MiB will be taken.
  for (let round = 0; round < 20; round += 1) await new Promise((resolve) => session.ping(resolve));
  expect(taken).toEqual([2 ** 16]);
  expect(stream.writableLength).toBeGreaterThan(2 * 2 ** 20);
  stream.destroy();
  session.destroy();
});

it("drains: what runs is finished, the connection ends with GOAWAY", async () => {
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { client } = await start(async (request) => {
    entered.resolve();
    await release.promise;
    return echo(request);
  });
  const answer = call(client, Buffer.from("late"));
  await entered.promise;
  const drained = open[0]?.server.drain();
  release.resolve();
  expect((await answer).message?.toString()).toBe("late");
  await drained;
});

const HEADERS = { ":method": "POST", ":path": "/test.Echo/Call", "content-type": "application/grpc", te: "trailers" };

function frame(message: Buffer, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

interface Raw {
  readonly status: string;
  readonly message: string;
  /** What was answered, as texts. */
  readonly messages: readonly string[];
}

/** Sends bytes of its own making in one call and gives how it ended. */
function raw(port: number, body: Buffer, encoding?: string): Promise<Raw> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = session.request({ ...HEADERS, ...(encoding === undefined ? {} : { "grpc-encoding": encoding }) });
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const end = (fields: IncomingHttpHeaders): void => {
      const { "grpc-status": ended, "grpc-message": message } = fields;
      if (typeof ended !== "string") return;
      resolve({
        status: ended,
        message: decodeURIComponent(String(message)),
        messages: unframe(Buffer.concat(chunks)),
      });
      session.close();
    };
    stream
      .on("response", end)
      .on("trailers", end)
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.end(body);
  });
}

function unframe(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.toString("utf8", at + 5, end));
    at = end;
  }
  return messages;
}
