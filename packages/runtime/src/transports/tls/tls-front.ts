import type { Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { type TlsMaterial, tlsOptions } from "./tls-options.ts";

export interface TlsFrontOptions {
  readonly material: TlsMaterial;
  readonly clientAuth: "off" | "request" | "require";
  /** What may be spoken, most wanted first: "h2", "http/1.1". */
  readonly alpn: readonly string[];
  /** Takes ownership of a connection whose handshake is done. */
  readonly onSecure: (secured: TLSSocket) => void;
  /** Told of each handshake that failed. */
  readonly onFault?: (error: Error) => void;
}

/** Secures connections before anything else sees them. */
export interface TlsFront {
  /** Takes ownership of an unread socket. */
  accept(socket: Socket): void;
  /** Secures connections from now on with something else; those that are open go on. Throws for what OpenSSL does not take, and keeps what it has. */
  replace(material: TlsMaterial): void;
}

/** Time for a handshake, as for the headers of a request. */
const HANDSHAKE_MS = 10_000;

/** Makes the TLS side of a port whose sockets come from elsewhere. */
export function createTlsFront(options: TlsFrontOptions): TlsFront {
  const server = createServer(
    {
      ...tlsOptions(options.material),
      handshakeTimeout: HANDSHAKE_MS,
      requestCert: options.clientAuth !== "off",
      rejectUnauthorized: options.clientAuth === "require",
      ALPNProtocols: [...options.alpn],
    },
    options.onSecure,
  );
  server.on("tlsClientError", (error, secured) => {
    options.onFault?.(error);
    secured.destroy();
  });
  return {
    accept: (socket) => void server.emit("connection", socket),
    replace: (material) => server.setSecureContext(tlsOptions(material)),
  };
}
