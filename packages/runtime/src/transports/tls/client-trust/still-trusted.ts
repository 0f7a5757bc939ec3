import { X509Certificate } from "node:crypto";
import { pemBlocks } from "../pem.ts";
import { type Crl, isRevoked, parseCrls } from "./crl.ts";

/** Authorities that clients' certificates must come from, and what they have revoked. */
export interface ClientTrust {
  readonly authorities: readonly X509Certificate[];
  readonly crls: readonly Crl[];
}

/** Reads a bundle of authorities and their lists. Throws Error for what can't be read. */
export function parseTrust({ ca, crl }: { readonly ca: string; readonly crl: string | undefined }): ClientTrust {
  return {
    authorities: pemBlocks(ca, "CERTIFICATE").map((block) => new X509Certificate(block)),
    crls: crl === undefined ? [] : parseCrls(crl),
  };
}

/** Longest way from a certificate to an authority of the bundle. */
const MAX_DEPTH = 8;

/**
 * Whether a chain that was good in its handshake still leads to an authority of the bundle, with no certificate of it revoked or out of its dates.
 *
 * It only takes trust away: OpenSSL has verified the chain, this asks the same of a newer bundle. `chain` is what the caller showed, its own certificate first.
 */
export function isStillTrusted(
  chain: readonly X509Certificate[],
  { authorities, crls }: ClientTrust,
  nowMs: number,
): boolean {
  const shown = chain.slice(1).filter(({ ca }) => ca);
  const roots = authorities.filter(isSelfIssued);
  let current = chain[0];
  for (let depth = 0; current !== undefined && depth < MAX_DEPTH; depth += 1) {
    const certificate = current;
    if (isOutOfDate(certificate, nowMs) || isRevoked(certificate, crls)) return false;
    if (roots.some((root) => !isOutOfDate(root, nowMs) && isFrom(certificate, root))) return true;
    current = [...authorities, ...shown].find(
      (issuer) => issuer.fingerprint256 !== certificate.fingerprint256 && isFrom(certificate, issuer),
    );
  }
  return false;
}

function isFrom(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer;
}

function isOutOfDate({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return nowMs < Date.parse(validFrom) || nowMs >= Date.parse(validTo);
}
