import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { createTlsFront, type TlsFront } from "./tls-front.ts";
import type { TlsMaterial } from "./tls-options.ts";

/** What is spoken on a port: REST, gRPC, or both. */
export type Spoken = "http" | "grpc" | "both";

export interface TlsPortsOptions {
  readonly clientAuth: "off" | "request" | "require";
  /** Where connections go once they are secured; each takes ownership. */
  readonly http: (secured: TLSSocket) => void;
  readonly grpc: (secured: TLSSocket) => void;
  /** Told of each handshake that failed. */
  readonly onFault: (error: Error) => void;
}

/** The TLS side of all ports of a server, which change what they are secured with at once. */
export interface TlsPorts {
  /** Takes ownership of an unread socket; closes it when there is nothing yet to secure it with. */
  accept(socket: Socket, spoken: Spoken): void;
  /** Throws for what OpenSSL does not take: then nothing changes. */
  replace(material: TlsMaterial): void;
  /** Ends the connections that are still in their handshake. */
  drain(): void;
}

/** Makes the TLS side of the ports; connections are closed until the first `replace`. */
export function createTlsPorts(options: TlsPortsOptions): TlsPorts {
  const fronts = new Map<Spoken, TlsFront>();
  const { clientAuth, onFault } = options;
  return {
    accept(socket, spoken) {
      const front = fronts.get(spoken);
      if (front === undefined) socket.destroy();
      else front.accept(socket);
    },
    replace(material) {
      for (const spoken of Object.keys(ALPN).filter(isSpoken)) {
        const front = fronts.get(spoken);
        if (front !== undefined) front.replace(material);
        else {
          const onSecure = (secured: TLSSocket): void => options[spokenOn(secured, spoken)](secured);
          fronts.set(spoken, createTlsFront({ material, clientAuth, alpn: ALPN[spoken], onSecure, onFault }));
        }
      }
    },
    drain() {
      for (const front of fronts.values()) front.drain();
    },
  };
}

/** Clients of gRPC offer HTTP/2 alone; browsers and curl offer both, and want REST. */
const ALPN = {
  http: ["http/1.1"],
  grpc: ["h2"],
  both: ["http/1.1", "h2"],
} as const satisfies Record<Spoken, readonly string[]>;

function isSpoken(name: string): name is Spoken {
  return Object.hasOwn(ALPN, name);
}

function spokenOn(secured: TLSSocket, spoken: Spoken): "http" | "grpc" {
  if (spoken !== "both") return spoken;
  return secured.alpnProtocol === "h2" ? "grpc" : "http";
}
