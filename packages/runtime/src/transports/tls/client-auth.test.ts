import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { connect, type ConnectionOptions, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { ClientCertificate } from "../../call/types.ts";
import { type Authority, createAuthority } from "./certificates.fixture.ts";
import { createTlsFront, type TlsFront } from "./tls-front.ts";
import { tlsFactsOf } from "./tls-facts.ts";
import type { TlsMaterial } from "./tls-options.ts";
import type { TlsPair } from "./tls-pair.ts";

const servers = createAuthority("servers");
const pair = servers.issue("localhost");
const clients = createAuthority("clients");
const rogue = createAuthority("clients");
const good = clients.issue("good", { usage: "clientAuth" });

let listening: Server | undefined;
const sockets = new Set<TLSSocket>();
afterEach(() => {
  listening?.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

interface Asked {
  readonly front: TlsFront;
  readonly faults: string[];
  /** Opens a connection with a certificate; what the server knows of it, or undefined when it lets nobody in. */
  connect(pair?: TlsPair, options?: ConnectionOptions): Promise<Connected | undefined>;
}

interface Connected {
  readonly socket: TLSSocket;
  readonly client: ClientCertificate | undefined;
}

async function ask(clientAuth: "request" | "require", trust: Partial<TlsMaterial> = {}): Promise<Asked> {
  const faults: string[] = [];
  const known: (ClientCertificate | undefined)[] = [];
  const front = createTlsFront({
    material: materialOf(trust),
    clientAuth,
    alpn: ["http/1.1"],
    onSecure(secured) {
      sockets.add(secured);
      known.push(tlsFactsOf(secured)?.client);
      secured.on("error", () => undefined).write("hello");
    },
    onFault: (error) => faults.push(error.message),
  });
  listening = createServer((socket) => front.accept(socket)).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    front,
    faults,
    async connect(own, options = {}) {
      const before = known.length;
      const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: servers.ca, ...own, ...options });
      sockets.add(socket);
      const isIn = await Promise.race([
        once(socket, "data").then(
          () => true,
          () => false,
        ),
        new Promise<boolean>((resolve) => socket.once("close", () => resolve(false))),
      ]);
      socket.on("error", () => undefined);
      return isIn ? { socket, client: known[before] } : undefined;
    },
  };
}

function materialOf(trust: Partial<TlsMaterial> = {}): TlsMaterial {
  return { pair, profile: "modern", ca: clients.ca, ...trust };
}

/** Whether a connection ends, asked by bytes that go both ways otherwise. */
async function isEnded({ socket }: Connected): Promise<boolean> {
  if (socket.destroyed || socket.readableEnded) return true;
  const ended = once(socket, "close").then(() => true);
  return await Promise.race([ended, new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);
}

const BAD: readonly (readonly [string, (authority: Authority) => TlsPair | undefined])[] = [
  ["none", () => undefined],
  ["one of an authority with the same subject", () => rogue.issue("good", { usage: "clientAuth" })],
  ["one that has expired", (own) => own.issue("good", { usage: "clientAuth", days: -1 })],
  ["one that is for servers", (own) => own.issue("good", { usage: "serverAuth" })],
  ["one that does not say what it is for", (own) => own.issue("good", { usage: undefined })],
  ["one of an authority of the server's", () => servers.issue("good", { usage: "clientAuth" })],
];

describe("a port that requires certificates of callers", () => {
  it("lets one of its own bundle in, and knows it", async () => {
    const { connect: open } = await ask("require");
    expect((await open(good))?.client).toMatchObject({ subject: "CN=good", fault: undefined });
  });

  it.each(BAD)("lets nobody in with %s, in TLS 1.2 and 1.3", async (_name, bad) => {
    const { connect: open, faults } = await ask("require");
    expect(await open(bad(clients))).toBeUndefined();
    expect(await open(bad(clients), { maxVersion: "TLSv1.2" })).toBeUndefined();
    expect(faults).toHaveLength(2);
  });

  it("does not trust the authorities of the machine", async () => {
    const before = getCACertificates("default");
    setDefaultCACertificates([rogue.ca]);
    try {
      const { connect: open } = await ask("require");
      expect(await open(rogue.issue("good", { usage: "clientAuth" }))).toBeUndefined();
    } finally {
      setDefaultCACertificates(before);
    }
    expect(() =>
      createTlsFront({
        material: { pair, profile: "modern" },
        clientAuth: "request",
        alpn: [],
        onSecure: () => undefined,
      }),
    ).toThrow("there is no bundle");
  });

  it("takes a chain with an authority between, and not one whose authority is another client", async () => {
    const { connect: open } = await ask("require");
    expect(await open(clients.intermediate("between").issue("deep", { usage: "clientAuth" }))).toBeDefined();
    expect(
      await open({ ...good, cert: servers.issue("x", { usage: "clientAuth" }).cert + good.cert, key: good.key }).catch(
        () => undefined,
      ),
    ).toBeUndefined();
  });

  it("lets nobody in whose certificate is revoked, and nobody at all by a list that is out of date", async () => {
    const revoked = clients.issue("revoked", { usage: "clientAuth" });
    const { connect: open, front } = await ask("require", { crl: clients.revoke([revoked.cert]) });
    expect(await open(revoked)).toBeUndefined();
    expect(await open(good)).toBeDefined();
    front.replace(materialOf({ crl: clients.revoke([], -1) }));
    expect(await open(good)).toBeUndefined();
  });
});

describe("a port that asks for certificates", () => {
  it.each(BAD.slice(1))("lets callers in with %s, and knows that it does not count", async (_name, bad) => {
    const { connect: open } = await ask("request");
    expect((await open(bad(clients)))?.client?.fault).toEqual(expect.any(String));
  });

  it("lets callers in without one", async () => {
    const { connect: open } = await ask("request");
    expect(await open()).toMatchObject({ client: undefined });
  });
});

describe("a new bundle", () => {
  it("ends the connections that it does not trust, leaves the others and takes no session of before", async () => {
    const others = createAuthority("others");
    const both = { ca: clients.ca + others.ca };
    const { connect: open, front } = await ask("require", both);
    const mine = await open(good);
    const theirs = await open(others.issue("other", { usage: "clientAuth" }));
    if (mine === undefined || theirs === undefined) throw new Error("both are trusted so far");
    const session = theirs.socket.getSession();
    front.replace(materialOf());
    await once(theirs.socket, "close");
    expect(await isEnded(mine)).toBe(false);
    const resumed = await open(undefined, session === undefined ? {} : { session });
    expect(resumed).toBeUndefined();
    front.replace(materialOf({ crl: clients.revoke([good.cert]) }));
    await once(mine.socket, "close");
  });

  it("ends nothing when it is the same", async () => {
    const { connect: open, front } = await ask("require");
    const mine = await open(good);
    front.replace(materialOf({ pair: servers.issue("localhost"), crl: clients.revoke([]) }));
    expect(mine === undefined || (await isEnded(mine))).toBe(false);
  });
});
