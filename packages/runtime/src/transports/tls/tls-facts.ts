import { TLSSocket } from "node:tls";
import type { X509Certificate } from "node:crypto";
import type { ClientCertificate, TlsFacts } from "../../call/types.ts";

/** How a connection is secured, read once and kept as long as the connection; undefined for one that is not secured, or is gone. */
export function tlsFactsOf(socket: unknown): TlsFacts | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const known = FACTS.get(socket);
  if (known !== undefined) return known;
  const facts = readFacts(socket);
  if (facts !== undefined) FACTS.set(socket, facts);
  return facts;
}

/** Of HTTP/2 the key is what stands for the socket there, which is one object too. */
const FACTS = new WeakMap<TLSSocket, TlsFacts>();

function readFacts(socket: TLSSocket): TlsFacts | undefined {
  const version = socket.getProtocol();
  if (version === null) return undefined;
  return Object.freeze({ version, cipher: socket.getCipher().standardName, client: readClient(socket) });
}

function readClient(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return Object.freeze({
    certificate,
    // Line breaks inside of values are escaped: those that are left stand between the parts of the name.
    subject: certificate.subject.replaceAll("\n", ", "),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    fault: socket.authorized ? usageFault(certificate) : String(socket.authorizationError),
  });
}

/** Source: RFC 5280, section 4.2.1.12: a certificate without extended key usage is good for everything, which is more than its authority has said. */
function usageFault({ keyUsage, ca }: X509Certificate): string | undefined {
  if (ca) return "CERTIFICATE_OF_AUTHORITY";
  // Node's name for the extended key usage.
  return keyUsage?.includes(CLIENT_AUTH) === true ? undefined : "NOT_FOR_CLIENTS";
}

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
