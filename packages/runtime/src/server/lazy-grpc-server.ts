import type { Socket } from "node:net";
import type { GrpcServer } from "../transports/grpc/create-grpc-server.ts";

/**
 * A gRPC server that is made by its first connection, which waits unread until then: the library takes as long to load as half of a small server, and many
 * are called over REST alone.
 *
 * When it can't be made its connections are closed, `failed` is told, and the next one tries again.
 */
export function createLazyGrpcServer(make: () => Promise<GrpcServer>, failed: (cause: unknown) => void): GrpcServer {
  const waiting = new Set<Socket>();
  let server: GrpcServer | undefined;
  let making: Promise<void> | undefined;
  let isDraining = false;

  async function start(): Promise<void> {
    try {
      server = await make();
      for (const socket of waiting) hand(socket, server);
    } catch (cause) {
      for (const socket of waiting) socket.destroy();
      failed(cause);
    } finally {
      waiting.clear();
      making = undefined;
    }
  }
  function hand(socket: Socket, to: GrpcServer): void {
    socket.off("error", ignoreReset);
    if (!socket.destroyed) to.accept(socket);
  }

  return {
    accept(socket) {
      if (server !== undefined) return server.accept(socket);
      if (isDraining) return void socket.destroy();
      socket.on("error", ignoreReset);
      waiting.add(socket);
      making ??= start();
    },
    async drain() {
      isDraining = true;
      await making;
      await server?.drain();
    },
    close() {
      isDraining = true;
      for (const socket of waiting) socket.destroy();
      server?.close();
    },
  };
}

/** A caller who resets the connection while it waits has nobody to be told. */
function ignoreReset(): void {}
