import { once } from "node:events";
import { type AddressInfo, connect as plainConnect, createServer, type Server, type Socket } from "node:net";
import { connect } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createAuthority } from "./certificates.fixture.ts";
import { createTlsPorts, type Spoken, type TlsPorts } from "./tls-ports.ts";
import { createTlsFront } from "./tls-front.ts";

// Thousands of connections take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const authority = createAuthority();
const pair = authority.issue("localhost");
const material = { pair, profile: "modern" } as const;

let listening: Server | undefined;
const open = new Set<Socket>();
afterEach(() => {
  listening?.close();
  for (const socket of open) socket.destroy();
});

async function listen(accept: (socket: Socket) => void): Promise<number> {
  listening = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    accept(socket);
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return (listening.address() as AddressInfo).port;
}

interface Ports {
  readonly port: number;
  readonly ports: TlsPorts;
  readonly faults: string[];
}

async function secured(spoken: Spoken): Promise<Ports> {
  const faults: string[] = [];
  const answer = (name: string) => (socket: Socket) => void socket.on("error", () => undefined).end(name);
  const ports = createTlsPorts({
    clientAuth: "off",
    http: answer("http"),
    grpc: answer("grpc"),
    onFault: (error) => faults.push(error.message),
  });
  ports.replace(material);
  return { port: await listen((socket) => ports.accept(socket, spoken)), ports, faults };
}

/** What answers a client that offers these protocols; undefined when the handshake fails. */
async function spokenTo(port: number, ALPNProtocols: readonly string[]): Promise<string | undefined> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: authority.ca,
    ALPNProtocols: [...ALPNProtocols],
  });
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  } catch {
    return undefined;
  }
}

describe("what is spoken behind TLS", () => {
  it.each<[Spoken, readonly string[], string | undefined]>([
    ["both", ["h2"], "grpc"],
    ["both", ["http/1.1"], "http"],
    ["both", ["h2", "http/1.1"], "http"],
    ["both", [], "http"],
    ["both", ["spdy/1"], undefined],
    ["http", ["h2", "http/1.1"], "http"],
    ["http", [], "http"],
    ["http", ["h2"], undefined],
    ["grpc", ["h2"], "grpc"],
    ["grpc", ["http/1.1"], undefined],
  ])("on the port of %s who offers %j gets %s", async (spoken, offered, expected) => {
    const { port } = await secured(spoken);
    expect(await spokenTo(port, offered)).toBe(expected);
  });

  it("is nothing before there is a pair", async () => {
    const ports = createTlsPorts({
      clientAuth: "off",
      http: () => undefined,
      grpc: () => undefined,
      onFault: () => undefined,
    });
    const port = await listen((socket) => ports.accept(socket, "http"));
    expect((await spokenTo(port, [])) ?? "").toBe("");
  });
});

describe("handshakes that lead nowhere", () => {
  /** The first bytes of a real client. */
  async function helloOf(): Promise<Buffer> {
    const catcher = createServer().listen(0, "127.0.0.1");
    await once(catcher, "listening");
    const client = connect({
      port: (catcher.address() as AddressInfo).port,
      host: "127.0.0.1",
      servername: "localhost",
    });
    client.on("error", () => undefined);
    const [caught] = (await once(catcher, "connection")) as [Socket];
    const [bytes] = (await once(caught, "data")) as [Buffer];
    client.destroy();
    caught.destroy();
    catcher.close();
    return bytes;
  }

  it("end after their time, those that are silent and those that stop in the middle", async () => {
    const faults: string[] = [];
    const front = createTlsFront({
      material,
      clientAuth: "off",
      alpn: ["http/1.1"],
      onSecure: () => undefined,
      onFault: (error) => faults.push(error.message),
      handshakeMs: 50,
    });
    const port = await listen((socket) => front.accept(socket));
    const hello = await helloOf();
    for (const bytes of [Buffer.alloc(0), hello.subarray(0, 3), hello.subarray(0, 40), hello]) {
      const socket = plainConnect(port, "127.0.0.1").on("error", () => undefined);
      socket.write(bytes);
      socket.resume();
      await once(socket, "close");
    }
    expect(faults).toEqual(Array.from({ length: 4 }, () => expect.stringContaining("handshake timeout") as string));
  });

  it("end with the server's drain", async () => {
    const { port, ports } = await secured("http");
    const socket = plainConnect(port, "127.0.0.1").on("error", () => undefined);
    await vi.waitFor(() => expect(open.size).toBe(1), { timeout: 20_000 });
    ports.drain();
    await once(socket, "close");
  });

  it("neither harm the server nor stay in its memory: resets, garbage and halves of a handshake by the thousand", async () => {
    const { port } = await secured("both");
    const hello = await helloOf();
    const kinds: readonly ((socket: Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
      (socket) => socket.end(Buffer.alloc(600, 0x16)),
      (socket) => socket.end("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
      (socket) => socket.end(hello.subarray(0, hello.length / 2)),
      (socket) => socket.write(hello, () => socket.resetAndDestroy()),
      (socket) => socket.write(hello, () => setImmediate(() => socket.destroy())),
    ];
    const round = async (size: number): Promise<void> => {
      const done = Array.from({ length: size }, async (_, index) => {
        const socket = plainConnect(port, "127.0.0.1").on("error", () => undefined);
        socket.once("connect", () => kinds[index % kinds.length]?.(socket));
        socket.resume();
        await once(socket, "close").catch(() => undefined);
      });
      await Promise.all(done);
      await vi.waitFor(() => expect(open.size).toBe(0), { timeout: 20_000 });
    };
    for (let rounds = 0; rounds < 20; rounds += 1) await round(200);
    const beforeBytes = process.memoryUsage().rss;
    for (let rounds = 0; rounds < 30; rounds += 1) await round(200);
    // What OpenSSL holds for a connection is more than twenty kilobytes: kept, it would be 120 megabytes.
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(80 * 1024 * 1024);
    expect(await spokenTo(port, ["http/1.1"])).toBe("http");
  });
});
