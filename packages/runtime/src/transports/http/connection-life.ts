import type { Server } from "node:http";
import type { Socket } from "node:net";
import { type SlowReaders, watchSlowReaders } from "../slow-readers.ts";

interface Life {
  /** Monotonic milliseconds. */
  readonly openedMs: number;
  readonly readers: SlowReaders<Socket>;
}

const LIVES = new WeakMap<Socket, Life>();

/** Notes when connections are opened, and ends those whose callers don't read what was answered, or that hold more than `maxBytes` together. */
export function watchConnections(
  server: Server,
  bounds: { readonly requestTimeoutMs: number; readonly maxBytes: number },
): { close(): void } {
  const readers = watchSlowReaders<Socket>({
    ...bounds,
    addressOf: ({ remoteAddress }) => remoteAddress ?? "",
    progressOf: ({ bytesWritten }) => bytesWritten,
    end: (socket) => void socket.destroy(),
  });
  server.on("connection", (socket) => {
    LIVES.set(socket, { openedMs: performance.now(), readers });
    readers.add(socket);
    socket.once("close", () => readers.delete(socket));
  });
  return readers;
}

/** Milliseconds since a connection was opened. */
export function ageMsOf(socket: Socket): number {
  return performance.now() - (LIVES.get(socket)?.openedMs ?? Infinity);
}

/** A large reply was written to a connection. */
export function noteLarge(socket: Socket | null): void {
  if (socket !== null) LIVES.get(socket)?.readers.written(socket);
}
