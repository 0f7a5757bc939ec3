import { once } from "node:events";
import { get as getPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { get as getSecured } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../tls/certificates.fixture.ts";
import { createTlsFront } from "../tls/tls-front.ts";
import { createHttpApp } from "./create-app.ts";

const authority = createAuthority();
const app = createHttpApp({
  advertised: [],
  routes: [{ id: "ok", method: "GET", path: "/ok", handle: () => ({ status: 200, headers: {}, body: "ok" }) }],
  basePath: "/",
  headersBytes: 16_384,
  requestTimeoutMs: 1_000,
  untakenBytes: 1e9,
  trustedProxies: [],
  closing: () => false,
  admitToDocs: async () => undefined,
  refuse: async (_request, error) => error,
  encodeError: (error) => ({ status: error.code === "NOT_FOUND" ? 404 : 400, headers: {}, body: error.message }),
});
const handToApp = (socket: Socket): void => void app.server.emit("connection", socket);

const servers: Server[] = [];
async function listen(take: (socket: Socket) => void): Promise<number> {
  const server = createServer(take).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

let ports = { plain: 0, secured: 0 };
beforeAll(async () => {
  await app.ready();
  const front = createTlsFront({
    material: { pair: authority.issue("localhost"), profile: "modern" },
    clientAuth: "off",
    alpn: ["http/1.1"],
    onSecure: handToApp,
  });
  ports = { plain: await listen(handToApp), secured: await listen((socket) => front.accept(socket)) };
});
afterAll(async () => {
  for (const server of servers) server.close();
  app.server.closeAllConnections();
  await app.close();
});

function ask(get: typeof getPlain, port: number, path: string): Promise<IncomingMessage> {
  const options: RequestOptions & { readonly ca: string } = {
    host: "127.0.0.1",
    port,
    path,
    agent: false,
    ca: authority.ca,
  };
  return new Promise((resolve, reject) => {
    get({ ...options, ...(get === getSecured ? { servername: "localhost" } : {}) }, (reply) => {
      reply.resume().on("end", () => resolve(reply));
    }).on("error", reject);
  });
}

describe("strict transport security", () => {
  it("is said for a year over TLS, with good and bad answers", async () => {
    for (const path of ["/ok", "/nothing"]) {
      const { headers } = await ask(getSecured, ports.secured, path);
      expect(headers["strict-transport-security"]).toBe("max-age=31536000");
    }
  });

  it("is not said without TLS", async () => {
    for (const path of ["/ok", "/nothing"])
      expect((await ask(getPlain, ports.plain, path)).headers).not.toHaveProperty("strict-transport-security");
  });
});
