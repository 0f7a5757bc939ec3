import type { Socket } from "node:net";

/** Where a connection of the shared port goes once its first bytes tell which protocol it speaks; each takes ownership of the socket. */
export interface ByPreface {
  readonly http: (socket: Socket) => void;
  readonly grpc: (socket: Socket) => void;
}

/** Connections of the port that REST and gRPC share. */
export interface OnePort {
  /** Takes ownership of an unread socket. */
  accept(socket: Socket): void;
  /** Ends the connections that have said nothing yet. */
  drain(): void;
}

/** Begins every HTTP/2 connection (RFC 9113, section 3.4: "PRI * HTTP/2.0"); no HTTP/1.1 method begins so. */
const PREFACE = Buffer.from("PRI");
/** Time for the first bytes, as for the headers of a request. */
const FIRST_BYTES_MS = 10_000;

/** Tells gRPC from REST by the first three bytes of each connection. */
export function createOnePort(to: ByPreface): OnePort {
  const silent = new Set<Socket>();
  return {
    accept(socket) {
      silent.add(socket);
      const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_MS);
      const ignoreReset = (): void => undefined;
      const forget = (): void => {
        clearTimeout(timer);
        silent.delete(socket);
        socket.off("readable", look).off("close", forget).off("end", leave);
      };
      const leave = (): void => void socket.destroy();
      let head: Buffer = Buffer.alloc(0);
      const look = (): void => {
        const more: Buffer | null = socket.read();
        if (more === null) return;
        head = Buffer.concat([head, more]);
        const isPrefaceSoFar = head.subarray(0, PREFACE.length).equals(PREFACE.subarray(0, head.length));
        // Kept here meanwhile: bytes that are put back are readable at once, and would be looked at for ever.
        if (isPrefaceSoFar && head.length < PREFACE.length) return;
        // Before nobody listens: a stream that flows by then would give the bytes to nobody.
        socket.unshift(head);
        forget();
        socket.pause();
        if (isPrefaceSoFar) to.grpc(socket);
        else to.http(socket);
        socket.off("error", ignoreReset);
        // A gRPC connection is started by its server, which may have to be made first.
        if (!isPrefaceSoFar) process.nextTick(() => socket.resume());
      };
      socket.on("error", ignoreReset).on("close", forget).on("end", leave).on("readable", look);
    },
    drain() {
      for (const socket of silent) socket.destroy();
    },
  };
}
