import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

interface LockOptions {
  /** Told once when another process is at work. */
  readonly onWait: () => void;
  readonly signal: AbortSignal;
}

/**
 * Runs work that one process of this machine may do at a time; the others wait, for as long as it takes, and then do theirs.
 *
 * The lock is a socket that has no file (Linux): it ends with its process, however that ends, so that none is ever left behind.
 */
export async function withInstallLock<T>(name: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const path = `\0bento-ts-${createHash("sha256").update(name).digest("hex")}`;
  // Those who wait hold a connection, which ends with the work.
  const waiting = new Set<Socket>();
  const server = await take(path, options, (socket) => {
    waiting.add(socket);
    socket.on("error", () => undefined).on("close", () => waiting.delete(socket));
  });
  try {
    return await work();
  } finally {
    server.close();
    for (const socket of waiting) socket.destroy();
  }
}

async function take(
  path: string,
  { onWait, signal }: LockOptions,
  onWaiting: (socket: Socket) => void,
): Promise<Server> {
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const server = createServer(onWaiting);
    if (await listens(server, path)) return server;
    if (!told) onWait();
    await untilReleased(path, signal);
  }
}

/** False when another process holds the name. */
async function listens(server: Server, path: string): Promise<boolean> {
  try {
    await once(server.listen(path), "listening");
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") return false;
    throw cause;
  }
}

async function untilReleased(path: string, signal: AbortSignal): Promise<void> {
  const socket = connect(path);
  // Refused means that it is released; so does an end without a word.
  socket.on("error", () => undefined);
  try {
    await once(socket, "close", { signal });
  } finally {
    socket.destroy();
  }
}
