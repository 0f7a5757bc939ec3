import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOnePort, type OnePort } from "./one-port.ts";

/** What each protocol has got, connection by connection. */
let got: { readonly protocol: "http" | "grpc"; readonly text: () => string }[];
let onePort: OnePort;
let net: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  got = [];
  const take = (protocol: "http" | "grpc") => (socket: Socket) => {
    let text = "";
    got.push({ protocol, text: () => text });
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).on("error", () => undefined);
    // Says that it was taken.
    socket.write(protocol);
  };
  onePort = createOnePort({ http: take("http"), grpc: take("grpc") });
  net = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    onePort.accept(socket);
  });
  await new Promise<void>((resolve) => net.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  net.close();
});

async function open(): Promise<Socket> {
  const accepted = once(net, "connection");
  const socket = connect((net.address() as AddressInfo).port, "127.0.0.1").on("error", () => undefined);
  sockets.push(socket);
  await Promise.all([accepted, once(socket, "connect")]);
  return socket.setNoDelay(true);
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("one port for REST and gRPC", () => {
  it.each([
    ["http", "POST /score HTTP/1.1\r\n"],
    ["http", "PUT / HTTP/1.1\r\n"],
    ["http", "GET / HTTP/1.1\r\n"],
    ["http", "\x16\x03\x01"],
    ["grpc", PREFACE],
  ])("takes a connection for %s that begins with %j, and loses no byte of it", async (protocol, text) => {
    const socket = await open();
    socket.write(text, "latin1");
    const [said]: unknown[] = await once(socket, "data");
    expect(String(said)).toBe(protocol);
    await expect.poll(() => got.map((one) => [one.protocol, one.text()])).toEqual([[protocol, text]]);
  });

  it("waits for the byte that tells, however the first ones come", async () => {
    const rest = await open();
    const grpc = await open();
    for (const [socket, text] of [
      [rest, "PR"],
      [grpc, "PR"],
      [rest, "OPFIND / HTTP/1.1\r\n"],
      [grpc, PREFACE.slice(2)],
    ] as const) {
      const taken = text.length > 2 ? once(socket, "data") : undefined;
      await new Promise((resolve) => socket.write(text, resolve));
      if (taken === undefined) expect(got.filter((one) => one.text() !== "")).toEqual([]);
      await taken;
    }
    await expect
      .poll(() => got.map((one) => [one.protocol, one.text()]))
      .toEqual([
        ["http", "PROPFIND / HTTP/1.1\r\n"],
        ["grpc", PREFACE],
      ]);
  });

  it("closes a connection that ends, or is drained, before it has told", async () => {
    const ended = await open();
    const drained = await open();
    ended.resume().end("PR");
    await once(ended, "close");
    const closed = once(drained.resume(), "close");
    onePort.drain();
    await closed;
    expect(got).toEqual([]);
  });
});
