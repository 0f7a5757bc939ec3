import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type TLSSocket } from "node:tls";
import { ServingError } from "../../errors.ts";
import { type ClientTrust, isStillTrusted, parseTrust } from "./client-trust/still-trusted.ts";
import { tlsFactsOf } from "./tls-facts.ts";
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
  /** Longest handshake; 10 s unless given. */
  readonly handshakeMs?: number;
}

/** Secures connections before anything else sees them. */
export interface TlsFront {
  /** Takes ownership of an unread socket. */
  accept(socket: Socket): void;
  /**
   * Secures connections from now on with something else; those that are open go on, but for those whose caller's certificate the new bundle does not trust. Sessions
   * of before can't be resumed. Throws for what OpenSSL does not take, and keeps what it has.
   */
  replace(material: TlsMaterial): void;
  /** Ends the connections that are still in their handshake. */
  drain(): void;
}

/** Time for a handshake, as for the headers of a request. */
const HANDSHAKE_MS = 10_000;

/** Makes the TLS side of a port whose sockets come from elsewhere. */
export function createTlsFront(options: TlsFrontOptions): TlsFront {
  const { clientAuth, onSecure, onFault } = options;
  const shaking = new Set<Socket>();
  const known = new Set<TLSSocket>();
  const server = createServer({
    ...contextOf(options.material, clientAuth),
    handshakeTimeout: options.handshakeMs ?? HANDSHAKE_MS,
    requestCert: clientAuth !== "off",
    rejectUnauthorized: clientAuth === "require",
    ALPNProtocols: [...options.alpn],
  });
  const refuse = (error: Error, secured: TLSSocket): void => {
    onFault?.(error);
    secured.destroy();
  };
  server.on("tlsClientError", refuse);
  server.on("secureConnection", (secured) => {
    const client = clientAuth === "off" ? undefined : tlsFactsOf(secured)?.client;
    // OpenSSL takes a certificate that does not say what it is for.
    if (clientAuth === "require" && client?.fault !== undefined) {
      return refuse(new Error(`the client's certificate does not count: ${client.fault}`), secured);
    }
    if (client !== undefined) {
      known.add(secured);
      secured.once("close", () => known.delete(secured));
    }
    // As the port without TLS has it.
    secured.allowHalfOpen = true;
    onSecure(secured);
  });
  return {
    accept(socket) {
      shaking.add(socket);
      socket.once("close", () => shaking.delete(socket));
      // Who ends their half in the middle of a handshake can't finish it: waiting for its time to pass would only keep their place.
      socket.allowHalfOpen = false;
      server.emit("connection", socket);
    },
    replace(material) {
      server.setSecureContext(contextOf(material, clientAuth));
      if (material.ca !== undefined) endUntrusted(known, parseTrust({ ca: material.ca, crl: material.crl }));
    },
    drain() {
      for (const socket of shaking) socket.destroy();
    },
  };
}

/** Without a bundle of its own a context trusts the machine's authorities: then anybody with a certificate of theirs could call. */
function contextOf(material: TlsMaterial, clientAuth: TlsFrontOptions["clientAuth"]): SecureContextOptions {
  if (clientAuth !== "off" && material.ca === undefined)
    throw new ServingError(
      "INTERNAL",
      "certificates of callers are asked for, and there is no bundle to check them against",
    );
  return tlsOptions(material);
}

function endUntrusted(known: ReadonlySet<TLSSocket>, trust: ClientTrust): void {
  for (const secured of known) {
    const client = tlsFactsOf(secured)?.client;
    // What has never counted has nothing to lose.
    if (client === undefined || client.fault !== undefined) continue;
    if (!isStillTrusted(chainOf(client.certificate), trust, Date.now())) secured.destroy();
  }
}

function chainOf(leaf: X509Certificate): readonly X509Certificate[] {
  const chain = [leaf];
  for (
    let next = leaf.issuerCertificate;
    next !== undefined && chain.length <= MAX_CHAIN;
    next = next.issuerCertificate
  )
    chain.push(next);
  return chain;
}

const MAX_CHAIN = 8;
