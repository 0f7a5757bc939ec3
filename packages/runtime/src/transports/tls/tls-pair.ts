import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Problem } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import { pemBlocks } from "./pem.ts";

/** A certificate chain and its key, as PEM texts. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string | undefined;
}

/** What a pair is, once it was checked. */
export interface CheckedPair {
  readonly certificate: X509Certificate;
  readonly expiresMs: number;
  /** What does not stop a reload, but a start: dates and names. */
  readonly warnings: readonly Problem[];
}

/** Time before the end of a certificate from which it is warned about. */
const WARN_BEFORE_MS = 30 * 24 * 60 * 60_000;

/** What is asked of a certificate. */
export interface CertificateWishes {
  readonly nowMs: number;
  /** Name that it must be for. */
  readonly cname?: string | undefined;
}

/**
 * Checks that a pair can serve: a PEM chain of at least one certificate, a key that is readable and the certificate's own. Dates and the name are told as
 * warnings.
 *
 * Throws Error that says which of the two is wrong and why; no text of a key is in it. Source: security.md A8.
 */
export function checkPair(pair: TlsPair, wishes: CertificateWishes): CheckedPair {
  const checked = checkChain(pair.cert, wishes);
  assertKeyOf(checked.certificate, readKey(pair));
  return checked;
}

/** Checks a PEM chain, without its key. Throws Error for one without a certificate, or with one that can't be read. */
export function checkChain(pem: string, { nowMs, cname }: CertificateWishes): CheckedPair {
  const certificate = readChain(pem);
  const [fromMs, expiresMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const warnings: Problem[] = [];
  if (nowMs >= expiresMs) warnings.push({ path: "certificate", message: `has expired on ${certificate.validTo}` });
  else if (nowMs < fromMs)
    warnings.push({ path: "certificate", message: `is not valid before ${certificate.validFrom}` });
  if (cname !== undefined && !isFor(certificate, cname))
    warnings.push({
      path: "certificate",
      message: `is not for ${cname}: it names ${certificate.subjectAltName ?? "no host"}`,
    });
  return { certificate, expiresMs, warnings };
}

/** Throws Error for a key of another certificate. */
export function assertKeyOf(certificate: X509Certificate, key: KeyObject): void {
  if (!certificate.checkPrivateKey(key)) throw new Error("the key is not the certificate's: they are of two pairs");
}

/** The line to warn with where a certificate ends within 30 days. */
export function expiryWarning(expiresMs: number, nowMs: number): string | undefined {
  const leftMs = expiresMs - nowMs;
  if (leftMs > WARN_BEFORE_MS || leftMs <= 0) return undefined;
  return `the certificate ends in ${Math.floor(leftMs / (24 * 60 * 60_000))} days, on ${new Date(expiresMs).toISOString()}`;
}

/** A common name does not count: no client looks at it any more (RFC 9525, section 6.3). */
function isFor(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: "never" }) !== undefined;
}

function readChain(pem: string): X509Certificate {
  const blocks = pemBlocks(pem, "CERTIFICATE");
  const [first] = blocks;
  if (first === undefined)
    throw new Error("expected a PEM certificate (-----BEGIN CERTIFICATE-----), the server's own first");
  try {
    for (const block of blocks) new X509Certificate(block);
    return new X509Certificate(first);
  } catch (cause) {
    throw new Error(`a certificate of the chain can't be read: ${reasonOf(cause)}`, { cause });
  }
}

/** Throws Error that says why a key can't be read, with nothing of it. */
export function readKey({ key, passphrase }: Pick<TlsPair, "key" | "passphrase">): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  } catch (cause) {
    const isEncrypted = /ENCRYPTED/.test(key);
    if (isEncrypted && passphrase === undefined)
      throw new Error(
        "the key is encrypted: decrypt it, or name a file with its passphrase (server.tls.keyPassphraseFile)",
        { cause },
      );
    throw new Error(isEncrypted ? "the passphrase does not open the key" : "expected a PEM private key", { cause });
  }
}
