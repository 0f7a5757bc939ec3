import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { type ServedSource, serveSource } from "../support/serve-source.ts";

vi.setConfig({ testTimeout: 60_000 });

const SERVICE = `import { api, bytes, service, t } from "@bento-ts/runtime";
@service({ name: "silent", version: "1.0.0" })
export class Silent {
  @api({ input: t.Integer(), output: bytes() })
  async big(n) { return new Uint8Array(n); }
  async onShutdown() { console.log("has shut down"); }
}`;

/** A message with an integer of three bytes. */
const MESSAGE = Buffer.from([0, 0, 0, 0, 4, 0x08, 0xa0, 0xc2, 0x1e]);

/** Peers who bring no call to its end, and don't end their half of a connection because the server has. */
const PEERS: Readonly<Record<string, (served: ServedSource) => Promise<{ destroy(): void }>>> = {
  "send half of the headers of a request": ({ server }) => open(new URL(server.url).host, "POST /big HTTP/1.1\r\n"),
  "send nothing to the port of gRPC": ({ server }) => open(server.grpcAddress, ""),
  "take nothing of a reply over gRPC": async ({ server }) => {
    const session = connectHttp2(`http://${server.grpcAddress}`, { settings: { initialWindowSize: 0 } });
    session.on("error", () => undefined);
    const path = { ":method": "POST", ":path": "/bento.silent.v1.Silent/Big" };
    const stream = session.request({ ...path, "content-type": "application/grpc", te: "trailers" });
    stream.on("error", () => undefined).end(MESSAGE);
    await once(stream, "response");
    return session;
  },
};

async function open(address: string, text: string): Promise<Socket> {
  const [host, port] = address.split(":");
  const socket = connect({ host: host ?? "", port: Number(port), allowHalfOpen: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

it.each(Object.keys(PEERS))("shuts down in order beside peers who %s", async (name) => {
  vi.stubEnv("BENTO_SERVER_DRAIN_TIMEOUT", "3s");
  onTestFinished(() => void vi.unstubAllEnvs());
  const served = await serveSource(SERVICE);
  onTestFinished(() => served.stop());
  const peer = await PEERS[name]?.(served);
  onTestFinished(() => peer?.destroy());
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await served.server.stop()).toBe(0);
  expect(served.server.output()).toContain("has shut down");
});
