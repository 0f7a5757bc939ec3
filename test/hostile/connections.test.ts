import net from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { closeGate, Gated, seen } from "./gated.ts";
import { type RawExchange, type RawReply, sendRaw } from "./raw-http.ts";
import { type RunningVictim, startVictim } from "./start-victim.ts";

let victim: RunningVictim;
beforeAll(async () => {
  closeGate();
  seen.gate.resolve();
  victim = await startVictim(Gated);
});
afterAll(() => victim.stop());

const send = (...chunks: readonly string[]): Promise<RawExchange> => sendRaw(chunks, { port: victim.port });
const connections = (): Promise<number> =>
  new Promise((resolve) => victim.app.server.getConnections((_error, count) => resolve(count)));
const HEAD = "POST /work HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
const SMUGGLED = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

function expectProblem(reply: RawReply | undefined, status: number): void {
  expect(reply?.status).toBe(status);
  expect(reply?.headers.get("content-type")).toBe("application/problem+json");
  expect(reply?.headers.get("x-content-type-options")).toBe("nosniff");
  const body = JSON.parse(reply?.text ?? "") as { requestId: string; status: number; detail: string };
  expect(body.status).toBe(status);
  expect(body.detail).toMatch(/\w+ \w+/);
  expect(reply?.headers.get("x-request-id")).toBe(body.requestId);
}

/** Requests whose end two readers could see at different places. What follows them must never be taken for a request. */
const FRAMINGS: Readonly<Record<string, string>> = {
  "content length and chunks": `${HEAD}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  "chunks and content length": `${HEAD}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n`,
  "chunks twice": `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  "chunks twice in one header": `${HEAD}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  "chunks and identity": `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n`,
  "identity alone": `${HEAD}transfer-encoding: identity\r\n\r\n1`,
  "an unknown coding": `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
  "a coding under the chunks": `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n`,
  "a coding over the chunks": `${HEAD}transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  "chunks behind a vertical tab": `${HEAD}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  "chunks with a null byte": `${HEAD}transfer-encoding: chunked\0\r\n\r\n0\r\n\r\n`,
  "chunks in quotes": `${HEAD}transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n`,
  "chunks with a parameter": `${HEAD}transfer-encoding: chunked;q=1\r\n\r\n0\r\n\r\n`,
  "a space before the colon": `${HEAD}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`,
  "chunks in HTTP/1.0": `${HEAD.replace("1.1", "1.0")}transfer-encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n`,
  "two equal lengths": `${HEAD}content-length: 1\r\ncontent-length: 1\r\n\r\n1`,
  "two lengths": `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\n1`,
  "a list of lengths": `${HEAD}content-length: 1, 1\r\n\r\n1`,
  "a length with plus": `${HEAD}content-length: +1\r\n\r\n1`,
  "a negative length": `${HEAD}content-length: -1\r\n\r\n1`,
  "a hexadecimal length": `${HEAD}content-length: 0x1\r\n\r\n1`,
  "a length with an exponent": `${HEAD}content-length: 1e0\r\n\r\n1`,
  "a length with a fraction": `${HEAD}content-length: 1.0\r\n\r\n1`,
  "a length in quotes": `${HEAD}content-length: "1"\r\n\r\n1`,
  "a length with a space inside": `${HEAD}content-length: 1 1\r\n\r\n1`,
  "an empty length": `${HEAD}content-length: \r\n\r\n1`,
  "a length past 64 bits": `${HEAD}content-length: 99999999999999999999\r\n\r\n1`,
  "a length in a folded line": `${HEAD}content-length:\r\n 1\r\n\r\n1`,
  "bare line feeds": `${HEAD.replaceAll("\r\n", "\n")}content-length: 1\n\n1`,
  "one bare line feed": `${HEAD.replace("x\r\n", "x\n")}content-length: 1\r\n\r\n1`,
  "a bare carriage return": `${HEAD}x-a: b\rcontent-length: 1\r\n\r\n1`,
  "carriage returns alone": `${HEAD.replaceAll("\r\n", "\r")}\r\r`,
  "two carriage returns": `${HEAD.replace("x\r\n", "x\r\r\n")}content-length: 1\r\n\r\n1`,
  "a folded header": `${HEAD}x-a: b\r\n c\r\ncontent-length: 1\r\n\r\n1`,
  "a header that begins with a space": `${HEAD.replace("host", " host")}content-length: 1\r\n\r\n1`,
  "a header without a name": `${HEAD}: x\r\ncontent-length: 1\r\n\r\n1`,
  "a header without a colon": `${HEAD}x-a\r\ncontent-length: 1\r\n\r\n1`,
  "a null byte in a header": `${HEAD}x-a: b\0c\r\ncontent-length: 1\r\n\r\n1`,
  "a null byte in a header's name": `${HEAD}x\0a: b\r\ncontent-length: 1\r\n\r\n1`,
  "a chunk size that is no number": `${HEAD}transfer-encoding: chunked\r\n\r\nZZ\r\n1\r\n0\r\n\r\n`,
  "a negative chunk size": `${HEAD}transfer-encoding: chunked\r\n\r\n-1\r\n1\r\n0\r\n\r\n`,
  "a chunk size with plus": `${HEAD}transfer-encoding: chunked\r\n\r\n+1\r\n1\r\n0\r\n\r\n`,
  "a chunk size with 0x": `${HEAD}transfer-encoding: chunked\r\n\r\n0x1\r\n1\r\n0\r\n\r\n`,
  "a chunk size behind a space": `${HEAD}transfer-encoding: chunked\r\n\r\n 1\r\n1\r\n0\r\n\r\n`,
  "a chunk size past 64 bits": `${HEAD}transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n1\r\n0\r\n\r\n`,
  "a chunk longer than its size": `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n123\r\n0\r\n\r\n`,
  "chunks with bare line feeds": `${HEAD}transfer-encoding: chunked\r\n\r\n1\n1\n0\n\n`,
  "a chunk extension without end": `${HEAD}transfer-encoding: chunked\r\n\r\n1;${"a".repeat(100_000)}\r\n1\r\n0\r\n\r\n`,
  "a line feed in a chunk extension": `${HEAD}transfer-encoding: chunked\r\n\r\n1;a\nb\r\n1\r\n0\r\n\r\n`,
};

describe("a request whose framing is doubtful", () => {
  it.each(Object.entries(FRAMINGS))("%s: one 400, and the connection ends", async (_name, bytes) => {
    const { replies, closed } = await send(bytes + SMUGGLED);
    expect(replies.length).toBe(1);
    expectProblem(replies[0], 400);
    expect(closed).toBe(true);
  });

  it("answers at most once when it follows a good request on the same connection", async () => {
    for (const bytes of Object.values(FRAMINGS)) {
      const { replies, closed } = await send(`${HEAD}content-length: 1\r\n\r\n1`, bytes + SMUGGLED);
      expect(replies.length).toBeLessThanOrEqual(2);
      expect(replies.map(({ text }) => text).join()).not.toContain("live");
      expect(closed).toBe(true);
    }
  });
});

/** Requests that no browser or client library sends. */
const REQUESTS: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  "no host": ["POST /work HTTP/1.1\r\ncontent-length: 1\r\n\r\n1", 400],
  "two hosts": [`${HEAD}host: y\r\ncontent-length: 1\r\n\r\n1`, 400],
  "a host with a path": [`${HEAD.replace("host: x", "host: x/y")}content-length: 1\r\n\r\n1`, 400],
  "a host with a user": [`${HEAD.replace("host: x", "host: a@b")}content-length: 1\r\n\r\n1`, 400],
  "a host with a space": [`${HEAD.replace("host: x", "host: a b")}content-length: 1\r\n\r\n1`, 400],
  "no version": ["GET /healthz\r\n\r\n", 400],
  "HTTP/0.9": ["GET /healthz HTTP/0.9\r\nhost: x\r\n\r\n", 400],
  "HTTP/1.2": ["GET /healthz HTTP/1.2\r\nhost: x\r\n\r\n", 400],
  "HTTP/2.0": ["GET /healthz HTTP/2.0\r\nhost: x\r\n\r\n", 400],
  "HTTP/9.9": ["GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n", 400],
  "http in lower case": ["GET /healthz http/1.1\r\nhost: x\r\n\r\n", 400],
  "another protocol": ["GET /healthz ICE/1.0\r\nhost: x\r\n\r\n", 400],
  "an HTTP/2 preface": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "a TLS hello": ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
  "an SSH greeting": ["SSH-2.0-OpenSSH_9.6\r\n", 400],
  "a Redis command": ["*1\r\n$4\r\nPING\r\n", 400],
  "null bytes": ["\0\0\0\0\0\0\0\0\r\n\r\n", 400],
  "an unknown method": [`FOO /work HTTP/1.1\r\nhost: x\r\n\r\n`, 400],
  "a method in lower case": [`post /work HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1`, 400],
  "a method with a space before it": [` POST /work HTTP/1.1\r\nhost: x\r\n\r\n`, 400],
  "a tab in the request line": [`POST\t/work HTTP/1.1\r\nhost: x\r\n\r\n`, 400],
  "a path without a slash": ["POST work HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  "CONNECT to a path": ["CONNECT /work HTTP/1.1\r\nhost: x\r\n\r\n", 405],
  "CONNECT to a host": ["CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n", 405],
  "an expectation that nobody knows": [`${HEAD}expect: wonders\r\ncontent-length: 1\r\n\r\n1`, 400],
  "80 KB of headers": [`${HEAD}x-a: ${"a".repeat(80_000)}\r\ncontent-length: 1\r\n\r\n1`, 431],
  "5,000 headers": [`${HEAD}${"a: b\r\n".repeat(5_000)}content-length: 1\r\n\r\n1`, 431],
  "headers without end": [`${HEAD}x-a: ${"a".repeat(2_000_000)}`, 431],
  "a path of 40 KB": [`POST /${"a".repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  "80 KB of trailers": [
    `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nx: ${"a".repeat(80_000)}\r\n\r\n`,
    431,
  ],
};

describe("a request that is none", () => {
  it.each(Object.entries(REQUESTS))("%s: problem details, and the connection ends", async (_name, [bytes, status]) => {
    const { replies, closed } = await send(bytes);
    expect(replies.length).toBe(1);
    expectProblem(replies[0], status);
    expect(closed).toBe(true);
  });

  it("keeps no connection for a sender that leaves its half open", async () => {
    const sockets = await Promise.all(
      Object.values(REQUESTS).map(async ([bytes]) => {
        const socket = net.connect({ port: victim.port, host: "127.0.0.1", allowHalfOpen: true });
        socket.on("error", () => {});
        socket.write(bytes);
        socket.resume();
        await new Promise<void>((resolve) => socket.once("end", resolve).once("close", () => resolve()));
        return socket;
      }),
    );
    await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 3_000 });
    for (const socket of sockets) socket.destroy();
  });
});

describe("a request that comes slowly", () => {
  it.each([
    ["nothing at all", ""],
    ["half a request line", "POST /wo"],
    ["headers without end", HEAD],
  ])("%s: is ended when the time for headers is over", async (_name, bytes) => {
    const { server } = victim.app;
    const usual = server.headersTimeout;
    server.headersTimeout = 100;
    try {
      const { replies, closed } = await send(bytes);
      expect(closed).toBe(true);
      if (bytes !== "") expectProblem(replies[0], 408);
    } finally {
      server.headersTimeout = usual;
    }
  });

  it("is ended though a byte comes now and then", async () => {
    const { server } = victim.app;
    const usual = server.headersTimeout;
    server.headersTimeout = 300;
    const socket = net.connect(victim.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(HEAD);
    socket.resume();
    const drip = setInterval(() => socket.write("a"), 20);
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    clearInterval(drip);
    server.headersTimeout = usual;
    await vi.waitFor(async () => expect(await connections()).toBe(0));
  });
});

describe("a server after all that", () => {
  it("answers", async () => {
    const { replies } = await send(`${HEAD}connection: close\r\ncontent-length: 1\r\n\r\n7`);
    expect(replies[0]).toMatchObject({ status: 200, text: "7" });
    expect(victim.admission).toMatchObject({ running: 0, waiting: 0 });
    expect(victim.logLines).toEqual([]);
  });
});
