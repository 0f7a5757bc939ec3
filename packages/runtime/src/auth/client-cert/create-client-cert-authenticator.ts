import type { ClientCertificate, Principal } from "../../call/types.ts";
import { ServingError } from "../../errors.ts";
import type { Authenticator, Clock } from "../types.ts";
import { parseAlternativeNames } from "./alternative-names.ts";
import { claimsSpiffe, isSpiffeId } from "./spiffe-id.ts";

export interface ClientCertOptions {
  /** Whether a certificate without alternative names may name its owner by the common name. */
  readonly cnFallback: boolean;
  readonly clock: Clock;
}

/**
 * Knows callers by the certificate that they have shown in the handshake, which OpenSSL has verified against the server's own bundle.
 *
 * The name is the one `spiffe://` URI, else the first DNS name, else the first e-mail address, else with `cnFallback` the common name. The credential is the certificate's
 * fingerprint. `X-Forwarded-Client-Cert` is never looked at. Source: security.md A8.
 */
export function createClientCertAuthenticator({ cnFallback, clock }: ClientCertOptions): Authenticator {
  // One object stands for the certificate in all calls of a connection.
  const principals = new WeakMap<ClientCertificate, Principal>();
  return {
    method: "mtls",
    challenge: "",
    find: ({ tls }) => tls?.client?.fingerprint,
    verify(credential, { tls }) {
      const client = tls?.client;
      if (client === undefined || client.fingerprint !== credential) throw refused("no such certificate was shown");
      if (client.fault !== undefined) throw refused(client.fault);
      const principal = principals.get(client) ?? toPrincipal(client, cnFallback);
      principals.set(client, principal);
      // A connection may outlive the certificate that opened it.
      if (clock.now() >= (principal.expiresAtMs ?? Infinity)) throw refused("the certificate has expired", "expired");
      return principal;
    },
  };
}

function refused(detail: string, reason: "invalid_credentials" | "expired" = "invalid_credentials"): ServingError {
  return new ServingError("UNAUTHENTICATED", "the client certificate is not valid", { reason, details: { detail } });
}

function toPrincipal(client: ClientCertificate, cnFallback: boolean): Principal {
  const { certificate, fingerprint } = client;
  const names = parseAlternativeNames(certificate.subjectAltName);
  if (names === undefined) throw refused("its alternative names can't be read");
  const { method, name } = nameOf(client, names, cnFallback);
  return Object.freeze({
    name,
    issuer: onOneLine(certificate.issuer),
    method,
    groups: NONE,
    scopes: NONE,
    clientId: undefined,
    credentialId: fingerprint,
    claims: Object.freeze({
      subject: client.subject,
      uris: Object.freeze([...names.uris]),
      dns: Object.freeze([...names.dns]),
      emails: Object.freeze([...names.emails]),
    }),
    expiresAtMs: Date.parse(certificate.validTo),
  });
}

const NONE: readonly string[] = Object.freeze([]);

type Named = Pick<Principal, "name" | "method">;

function nameOf(
  { certificate }: ClientCertificate,
  { uris, dns, emails }: NonNullable<ReturnType<typeof parseAlternativeNames>>,
  cnFallback: boolean,
): Named {
  if (uris.some(claimsSpiffe)) {
    const [uri = ""] = uris;
    // Source: X509-SVID, section 2: exactly one URI.
    if (uris.length > 1 || !isSpiffeId(uri)) throw refused("it is no X.509-SVID: one valid SPIFFE ID is expected");
    return { name: uri, method: "spiffe" };
  }
  const name = dns[0] ?? emails[0] ?? (cnFallback ? commonName(certificate) : undefined);
  if (name === undefined) throw refused("it has no name that a caller can be known by");
  return { name, method: "mtls" };
}

/** The one common name; undefined where there is none, or several, or one that could be mistaken for something else. */
function commonName({ subject, subjectAltName }: ClientCertificate["certificate"]): string | undefined {
  if (subjectAltName !== undefined) return undefined;
  const values = subject.split("\n").flatMap((part) => (part.startsWith("CN=") ? [part.slice(3)] : []));
  const [name = ""] = values;
  return values.length === 1 && /^[A-Za-z0-9._@ -]+$/.test(name) ? name : undefined;
}

function onOneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}
