import { once } from "node:events";
import net from "node:net";

/** A socket in front of an engine's. */
export interface CutSocket {
  /** Whether it was cut. */
  isCut(): boolean;
  close(): Promise<void>;
}

/** Passes on what comes to a socket, until a client's request has been answered with its first bytes: then it is gone, as an engine is that went down. */
export async function openCutSocket(
  path: string,
  { target, request }: { readonly target: string; readonly request: RegExp },
): Promise<CutSocket> {
  const sockets = new Set<net.Socket>();
  let isCut = false;
  const end = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const server = net.createServer((client) => {
    const engine = net.connect(target);
    let isMeant = false;
    for (const socket of [client, engine]) {
      sockets.add(socket);
      // What was cut is what the test looks at.
      socket.on("error", () => undefined).on("close", () => [client, engine].forEach((one) => one.destroy()));
    }
    client.on("data", (chunk: Buffer) => {
      isMeant ||= request.test(chunk.toString("latin1"));
      engine.write(chunk);
    });
    engine.on("data", (chunk: Buffer) => {
      client.write(chunk);
      if (!isMeant) return;
      isCut = true;
      end();
    });
  });
  server.listen(path);
  await once(server, "listening");
  return {
    isCut: () => isCut,
    async close() {
      if (!server.listening) return;
      end();
      await once(server, "close");
    },
  };
}
