import type { Server } from "node:http";
import type { Socket } from "node:net";
import { watchSlowReaders } from "../slow-readers.ts";

/** When connections were opened, in monotonic milliseconds. */
const OPENED_MS = new WeakMap<Socket, number>();

/** Notes when connections are opened, and ends those whose callers don't read what was answered. */
export function watchConnections(server: Server, requestTimeoutMs: number): { close(): void } {
  const readers = watchSlowReaders<Socket>({
    requestTimeoutMs,
    progressOf: ({ bytesWritten }) => bytesWritten,
    end: (socket) => void socket.destroy(),
  });
  server.on("connection", (socket) => {
    OPENED_MS.set(socket, performance.now());
    readers.add(socket);
    socket.once("close", () => readers.delete(socket));
  });
  return readers;
}

/** Milliseconds since a connection was opened. */
export function ageMsOf(socket: Socket): number {
  return performance.now() - (OPENED_MS.get(socket) ?? Infinity);
}
