import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type GrpcTestClient, grpcClient } from "../support/grpc-client.ts";
import { closeGate, Gated, seen } from "./gated.ts";
import { sendRaw, toWire } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

const QUEUE_ROWS = 20;
let victim: RunningVictim;
let grpcListener: net.Server;
let health: GrpcTestClient;
let session: ClientHttp2Session;
const sockets: net.Socket[] = [];

beforeAll(async () => {
  victim = await startVictim(Gated, {
    BENTO_SERVER_LIMITS_CONCURRENCY: "1",
    BENTO_SERVER_LIMITS_QUEUE_ROWS: String(QUEUE_ROWS),
    BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]',
    BENTO_SERVER_REQUEST_TIMEOUT: "30s",
  });
  grpcListener = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    victim.grpc.accept(socket),
  );
  await new Promise<void>((resolve) => grpcListener.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(grpcListener.address() as AddressInfo).port}`;
  health = grpcClient(address, "grpc/health/v1/health.proto", "grpc.health.v1.Health");
  session = connect(`http://${address}`);
});
afterAll(async () => {
  health.close();
  session.destroy();
  grpcListener.close();
  await victim.stop();
});
beforeEach(closeGate);
afterEach(async () => {
  seen.gate.resolve();
  for (const socket of sockets.splice(0)) socket.destroy();
  await inHouse({ running: 0, waiting: 0 });
});

const inHouse = (state: { readonly running?: number; readonly waiting?: number }): Promise<void> =>
  vi.waitFor(() => expect(victim.admission).toMatchObject(state), { timeout: 10_000, interval: 5 });

/** Opens a connection, sends bytes and reads nothing unless told to. */
async function open(bytes: string): Promise<net.Socket> {
  const socket = net.connect(victim.port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write(bytes);
  return socket;
}

/** A request as a trusted proxy passes it on for a caller. */
const request = (
  path: string,
  body: string,
  { from = "192.0.2.1", length = body.length, accept = "*/*" } = {},
): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${from}\r\naccept: ${accept}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;

/** What a caller gets, who sends and reads as callers do. */
async function call(path: string, body: string, from = "192.0.2.9") {
  const headers = [
    ["content-type", "application/json"],
    ["x-forwarded-for", from],
  ] as const;
  const { replies } = await sendRaw(toWire({ path, headers, body }), { port: victim.port });
  return replies[0];
}

/** A call over gRPC whose answer is read only as far as the window of its stream: 64 KiB. */
function callGrpc(path: string, message: Uint8Array): ClientHttp2Stream {
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request(headers);
  stream.on("error", () => {});
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  stream.pause();
  return stream;
}

/** Field 1 of a message as text. */
function textField(text: string): Buffer {
  const length: number[] = [];
  for (let rest = text.length; ; rest >>>= 7) {
    if (rest < 128) return Buffer.concat([Buffer.from([0x0a, ...length, rest]), Buffer.from(text)]);
    length.push((rest & 127) | 128);
  }
}

const statusOf = async (path: string): Promise<number | undefined> => {
  const { replies } = await sendRaw([`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`], {
    port: victim.port,
  });
  return replies[0]?.status;
};

describe("a server that is full", () => {
  it("answers probes of REST and gRPC, and refuses calls early with 503 and a Retry-After", async () => {
    for (let at = 0; at <= QUEUE_ROWS; at += 1) await open(request("/work", "1"));
    await inHouse({ running: 1, waiting: QUEUE_ROWS });
    const refused = await call("/work", "1", "192.0.2.1");
    expect(refused).toMatchObject({ status: 503, text: expect.stringContaining("the queue is full") });
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await statusOf("/healthz")).toBe(200);
    expect(await statusOf("/readyz")).toBe(200);
    expect(await statusOf("/v2/health/live")).toBe(200);
    expect(await health.call("Check", [{}])).toMatchObject({ code: 0, messages: [{ status: 1 }] });
    expect(victim.admission).toMatchObject({ running: 1, waiting: QUEUE_ROWS });
    const text = await victim.metrics.text();
    expect(text).toContain('bento_calls_shed_total{reason="queue_full"} 1');
    expect(text).toContain(`bento_queue_rows ${QUEUE_ROWS}`);
  });

  it("takes a modest caller's call in the place of the newest one of a caller that fills it", async () => {
    const greedy: net.Socket[] = [];
    for (let at = 0; at <= QUEUE_ROWS; at += 1) {
      greedy.push(await open(request("/work", String(at), { from: "192.0.2.1" })));
      await inHouse({ running: 1, waiting: at });
    }
    const displaced = new Promise<string>((resolve) => greedy.at(-1)?.once("data", (data) => resolve(String(data))));
    const modest = call("/work", "77", "192.0.2.2");
    expect(await displaced).toMatch(/^HTTP\/1\.1 503 [\s\S]*one of its calls has to leave/);
    seen.gate.resolve();
    expect(await modest).toMatchObject({ status: 200, text: "77" });
    expect(await victim.metrics.text()).toContain('bento_calls_shed_total{reason="displaced"} 1');
  });
});

describe("callers who send slowly", () => {
  it("hold no slot, as many of one address as may wait, and another caller is answered meanwhile", async () => {
    const drips = [];
    for (let at = 0; at <= QUEUE_ROWS; at += 1) {
      const socket = await open(request("/echo", '"', { length: 1_000, from: "192.0.2.1" }));
      drips.push(setInterval(() => socket.write("x"), 50));
    }
    try {
      await inHouse({ running: 0, waiting: QUEUE_ROWS + 1 });
      expect(await call("/echo", '"more"', "192.0.2.1")).toMatchObject({ status: 503 });
      for (let at = 0; at < 20; at += 1) expect(await call("/echo", '"quick"')).toMatchObject({ status: 200 });
      // Also where the server is busy, and its queue therefore bounded: they make room.
      const busy = await open(request("/work", "1", { from: "192.0.2.3" }));
      await inHouse({ running: 1 });
      const next = call("/echo", '"next"');
      await vi.waitFor(() => expect(victim.admission.waiting).toBeLessThanOrEqual(QUEUE_ROWS), { interval: 5 });
      seen.gate.resolve();
      expect(await next).toMatchObject({ status: 200, text: '"next"' });
      busy.destroy();
    } finally {
      for (const drip of drips) clearInterval(drip);
    }
  });
});

const LARGE = "y".repeat(12_000_000);

describe("callers who don't read", () => {
  it("hold no slot while their answers of 12 MB wait, over REST and gRPC", async () => {
    for (let at = 0; at < 4; at += 1) (await open(request("/echo", `"${LARGE}"`))).pause();
    const unread = callGrpc("/bento.gated.v1.Gated/Echo", textField(LARGE));
    await new Promise((resolve) => unread.once("response", resolve));
    await inHouse({ running: 0, waiting: 0 });
    expect(await call("/echo", '"quick"')).toMatchObject({ status: 200, text: '"quick"' });
    unread.close();
  });

  it.each(["text/event-stream", "application/x-ndjson"])(
    "of a stream as %s hold no slot: the next caller has its turn, and they go on when they read",
    async (accept) => {
      const stalled = await open(request("/flow", "1000", { accept }));
      stalled.pause();
      await inHouse({ running: 0, waiting: 1 });
      const made = seen.pulled;
      expect(made).toBeLessThan(1_000);
      expect(await call("/echo", '"quick"')).toMatchObject({ status: 200, text: '"quick"' });
      expect(seen.pulled).toBe(made);
      stalled.resume();
      await vi.waitFor(() => expect(seen.ended).toBe(1), { timeout: 10_000 });
      expect(seen.pulled).toBe(1_000);
    },
  );

  it("of streams hold no more places than may wait: the newest of who has most is cut for another caller's", async () => {
    const flow = (from: string): string => request("/flow", "1000", { accept: "application/x-ndjson", from });
    // All that may wait, and one for the slot that is free.
    for (let at = 1; at <= QUEUE_ROWS + 1; at += 1) {
      (await open(flow("192.0.2.1"))).pause();
      await inHouse({ running: 0, waiting: at });
    }
    expect(await call("/echo", '"more"', "192.0.2.1")).toMatchObject({ status: 503 });
    (await open(flow("192.0.2.2"))).pause();
    await vi.waitFor(() => expect(seen.ended).toBe(1), { timeout: 10_000 });
    await inHouse({ running: 0, waiting: QUEUE_ROWS + 1 });
    expect(await call("/echo", '"quick"')).toMatchObject({ status: 200, text: '"quick"' });
  });

  it("of a stream over gRPC hold no slot either", async () => {
    const stalled = callGrpc("/bento.gated.v1.Gated/Flow", Buffer.from([0x08, 0xe8, 0x07]));
    await new Promise((resolve) => stalled.once("response", resolve));
    await inHouse({ running: 0, waiting: 1 });
    expect(seen.pulled).toBeLessThan(1_000);
    expect(await call("/echo", '"quick"')).toMatchObject({ status: 200, text: '"quick"' });
    stalled.resume();
    await vi.waitFor(() => expect(seen.ended).toBe(1), { timeout: 10_000 });
    expect(seen.pulled).toBe(1_000);
  });
});
