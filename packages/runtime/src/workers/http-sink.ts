import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Feeds connections from elsewhere to a `node:http` server that has no port of its own. */
export interface HttpSink {
  /** Takes ownership of the socket. */
  accept(socket: Socket): void;
  /** Connections that are open. */
  open(): number;
  /**
   * Closes connections as they become idle; resolves when none is left.
   *
   * From its call on the server's replies must say `Connection: close`, or busy callers would keep it waiting.
   */
  drain(): Promise<void>;
  /** Cuts what is left. */
  cut(): void;
}

const DRAIN_CHECK_MS = 25;
/** A connection that has sent nothing may be about to; after this long it is taken as unused. */
const UNUSED_MS = 500;

/** Makes a server ready for connections from elsewhere; its handlers and time limits work as if it listened. */
export function createHttpSink(server: Server): HttpSink {
  // Node starts to watch header, request and idle time when it hears that the server listens.
  server.emit("listening");
  const sockets = new Map<Socket, { readonly sinceMs: number }>();

  function closeUnused(): void {
    server.closeIdleConnections();
    const nowMs = performance.now();
    for (const [socket, { sinceMs }] of sockets) {
      // Not idle in Node's eyes, since it waits for a first request.
      if (socket.bytesRead === 0 && nowMs - sinceMs > UNUSED_MS) socket.destroy();
    }
  }

  return {
    accept(socket) {
      sockets.set(socket, { sinceMs: performance.now() });
      socket.once("close", () => sockets.delete(socket));
      server.emit("connection", socket);
    },
    open: () => sockets.size,
    cut() {
      for (const socket of sockets.keys()) socket.destroy();
    },
    drain() {
      return new Promise((resolve) => {
        const check = (): void => {
          closeUnused();
          if (sockets.size > 0) return;
          clearInterval(timer);
          resolve();
        };
        const timer = setInterval(check, DRAIN_CHECK_MS);
        check();
      });
    },
  };
}
