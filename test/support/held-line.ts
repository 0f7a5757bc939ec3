import { once } from "node:events";
import net from "node:net";

/** A line to a server on which one can reach in. */
export interface HeldLine {
  /** `127.0.0.1:PORT`, or the path of a socket. */
  readonly at: string;
  /** Settled once the line is held. */
  readonly held: Promise<void>;
  /** Cuts it: connections end, new ones are refused. */
  close(): Promise<void>;
}

/**
 * Passes on what comes to a port of its own or to a socket at a path, until a client's request that matches was answered with its first bytes; from then on
 * nothing passes.
 */
export async function openHeldLine({
  target,
  request,
  path,
}: {
  /** `HOST:PORT`, or the path of a socket. */
  readonly target: string;
  readonly request: RegExp;
  readonly path?: string;
}): Promise<HeldLine> {
  const sockets = new Set<net.Socket>();
  let hold = (): void => undefined;
  let isHeld = false;
  const held = new Promise<void>((resolve) => {
    hold = () => {
      isHeld = true;
      resolve();
    };
  });
  const server = net.createServer((client) => {
    const [host = "", port] = target.split(":");
    const far = port === undefined ? net.connect(target) : net.connect(Number(port), host);
    let isMeant = false;
    for (const socket of [client, far]) {
      sockets.add(socket);
      // That lines break is what the tests are about.
      socket.on("error", () => undefined).on("close", () => [client, far].forEach((one) => one.destroy()));
    }
    client.on("data", (chunk: Buffer) => {
      isMeant ||= request.test(chunk.toString("latin1"));
      if (!isHeld) far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => {
      if (!isHeld) client.write(chunk);
      if (isMeant) hold();
    });
  });
  if (path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(path);
  await once(server, "listening");
  const address = server.address();
  return {
    at: address === null || typeof address === "string" ? (address ?? "") : `127.0.0.1:${address.port}`,
    held,
    async close() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
