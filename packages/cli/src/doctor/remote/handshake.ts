import { once } from "node:events";
import { isIP } from "node:net";
import { type ConnectionOptions, connect, type DetailedPeerCertificate } from "node:tls";
import type { Place } from "./place.ts";

/** What a TLS handshake has agreed on. */
export interface Handshake {
  /** "TLSv1.3". */
  readonly version: string;
  readonly cipher: string;
  /** The protocol that the server has chosen, undefined for none. */
  readonly alpn: string | undefined;
  /** Why the chain does not lead to a trusted authority, by its code; undefined where it does. */
  readonly chainFault: string | undefined;
  readonly certificate: DetailedPeerCertificate;
}

const TIMEOUT_MS = 10_000;

/** Shakes hands with a place, whatever its certificate is: that is looked at afterwards, and nothing is sent. Rejects when no connection comes about. */
export async function shakeHands({ host, port, ca }: Place, options: ConnectionOptions = {}): Promise<Handshake> {
  const socket = connect({
    host,
    port,
    // Addresses are no server names (RFC 6066, section 3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: false,
    // Names are a check of their own.
    checkServerIdentity: () => undefined,
    ...options,
  });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { authorizationError, alpnProtocol } = socket;
    return {
      version: socket.getProtocol() ?? "unknown",
      cipher: socket.getCipher().standardName,
      alpn: typeof alpnProtocol === "string" ? alpnProtocol : undefined,
      chainFault: socket.authorized ? undefined : faultOf(authorizationError),
      certificate: socket.getPeerCertificate(true),
    };
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}

/** Declared as an error; it is the code of one. */
function faultOf(error: unknown): string {
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message;
  return String(error);
}
