import { once } from "node:events";
import { type AddressInfo, connect as plainConnect, createServer, type Server } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { createAuthority } from "./certificates.fixture.ts";
import { createTlsFront, type TlsFront, type TlsFrontOptions } from "./tls-front.ts";
import { checkPair, expiryWarning } from "./tls-pair.ts";

const authority = createAuthority();
const server = authority.issue("localhost");
const DAY_MS = 24 * 60 * 60_000;

let listening: Server | undefined;
afterEach(() => void listening?.close());

interface Front {
  readonly front: TlsFront;
  readonly port: number;
  readonly faults: string[];
}

async function listen(options: Partial<TlsFrontOptions> = {}): Promise<Front> {
  const faults: string[] = [];
  const front = createTlsFront({
    material: { pair: server, profile: "modern" },
    clientAuth: "off",
    alpn: ["h2", "http/1.1"],
    onSecure: (secured) => void secured.on("error", () => undefined).end("hello"),
    onFault: (error) => faults.push(error.message),
    ...options,
  });
  listening = createServer((socket) => front.accept(socket)).listen(0, "127.0.0.1");
  await once(listening, "listening");
  return { front, port: (listening.address() as AddressInfo).port, faults };
}

/** What the server said and what was agreed on; rejects when the handshake fails or the connection is reset. */
async function ask(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ said: string; socket: TLSSocket; protocol: string | null }> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: authority.ca, ...options });
  const chunks: Buffer[] = [];
  let protocol: string | null = null;
  socket.on("secureConnect", () => (protocol = socket.getProtocol()));
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return { said: Buffer.concat(chunks).toString(), socket, protocol };
}

describe("a port with TLS", () => {
  it("speaks TLS 1.2 and 1.3 and the protocol that both want", async () => {
    const { port } = await listen();
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const { said, socket, protocol } = await ask(port, {
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ["http/1.1"],
      });
      expect([said, protocol, socket.alpnProtocol]).toEqual(["hello", version, "http/1.1"]);
    }
  });

  it("refuses TLS 1.1, old ciphers, plain HTTP and silence, each without a word of content", async () => {
    const { port, faults } = await listen();
    await expect(
      ask(port, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
    ).rejects.toThrow(/version|handshake|alert/i);
    await expect(ask(port, { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" })).rejects.toThrow(/handshake/i);
    const plain = plainConnect(port, "127.0.0.1").on("error", () => undefined);
    plain.end("GET / HTTP/1.1\r\n\r\n");
    const chunks: Buffer[] = [];
    for await (const chunk of plain) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString("latin1")).not.toMatch(/HTTP|hello/);
    expect(faults.length).toBeGreaterThanOrEqual(3);
  });

  it("takes old ciphers by the profile compat", async () => {
    const { port } = await listen({ material: { pair: server, profile: "compat" } });
    const { said } = await ask(port, {
      maxVersion: "TLSv1.2",
      ciphers: "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256",
    });
    expect(said).toBe("hello");
  });

  it("secures the next connection with a new pair, the open one goes on, and keeps the old one when the new is broken", async () => {
    const open: TLSSocket[] = [];
    const { front, port } = await listen({
      onSecure: (secured) => void open.push(secured.on("error", () => undefined)),
    });
    const first = connect({ port, host: "127.0.0.1", servername: "localhost", ca: authority.ca });
    await once(first, "secureConnect");
    const before = first.getPeerCertificate().serialNumber;
    const next = authority.issue("localhost");
    expect(() => front.replace({ pair: { cert: next.cert, key: server.key }, profile: "modern" })).toThrow(
      /key values mismatch/i,
    );
    front.replace({ pair: next, profile: "modern" });
    const second = connect({ port, host: "127.0.0.1", servername: "localhost", ca: authority.ca });
    await once(second, "secureConnect");
    expect(second.getPeerCertificate().serialNumber).not.toBe(before);
    open[0]?.end("still here");
    const [chunk] = (await once(first, "data")) as [Buffer];
    expect(chunk.toString()).toBe("still here");
    for (const secured of open) secured.destroy();
  });

  it("wants a certificate of its own authority for servers' clients where it requires one", async () => {
    const other = createAuthority();
    const material = { pair: server, profile: "modern", ca: authority.ca } as const;
    const { port } = await listen({ material, clientAuth: "require" });
    const good = authority.issue("client", { usage: "clientAuth" });
    expect((await ask(port, good)).said).toBe("hello");
    const refused = async (pair: ConnectionOptions): Promise<string> =>
      (await ask(port, pair).catch(() => ({ said: "" }))).said;
    expect(await refused({})).toBe("");
    expect(await refused(other.issue("client", { usage: "clientAuth" }))).toBe("");
    expect(await refused(authority.issue("client", { usage: "clientAuth", days: -1 }))).toBe("");
    expect(await refused(authority.issue("client", { usage: "serverAuth" }))).toBe("");
  });
});

describe("checkPair", () => {
  const now = { nowMs: Date.now() };

  it("knows how long a pair is good for", () => {
    const { expiresMs, warnings } = checkPair(server, { ...now, cname: "localhost" });
    expect(warnings).toEqual([]);
    expect(Math.round((expiresMs - now.nowMs) / DAY_MS)).toBe(365);
    expect(expiryWarning(expiresMs, now.nowMs)).toBeUndefined();
    expect(expiryWarning(expiresMs, expiresMs - 29.5 * DAY_MS)).toContain("ends in 29 days");
  });

  it("warns of dates and names that do not fit", () => {
    const { warnings } = checkPair(authority.issue("other", { days: -1 }), { ...now, cname: "localhost" });
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^has expired on /) as string,
      "is not for localhost: it names DNS:other",
    ]);
  });

  it.each([
    ["a key of another pair", { cert: server.cert, key: authority.issue("x").key }, "of two pairs"],
    ["no certificate", { cert: "hello", key: server.key }, "expected a PEM certificate"],
    ["a broken certificate", { cert: server.cert.replace(/\nM/, "\n!"), key: server.key }, "can't be read"],
    ["no key", { cert: server.cert, key: "hello" }, "expected a PEM private key"],
  ])("refuses %s", (_name, pair, expected) => {
    expect(() => checkPair(pair, now)).toThrow(expected);
  });
});
