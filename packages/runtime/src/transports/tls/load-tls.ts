import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { TlsConfig } from "../../config/security/types.ts";
import type { Problem } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import { parseCrls } from "./client-trust/crl.ts";
import { pemBlocks } from "./pem.ts";
import { readTlsFiles, type TlsFile, textOf, type TlsTexts } from "./tls-files.ts";
import { type TlsMaterial, tlsOptions } from "./tls-options.ts";
import { assertKeyOf, checkChain, expiryWarning, readKey } from "./tls-pair.ts";

/** What the files of a configuration are good for. */
export interface LoadedTls {
  /** Undefined where something is broken. */
  readonly material: TlsMaterial | undefined;
  /** Epoch milliseconds at which the certificate ends; undefined where there is none to read. */
  readonly expiresMs: number | undefined;
  /** What makes it unusable, by key. */
  readonly problems: readonly Problem[];
  /** Dates and names that do not fit: they stop a start, but not a reload. */
  readonly doubts: readonly Problem[];
  readonly warnings: readonly string[];
  /** All that was read, as one text to compare by; secret. */
  readonly seen: string;
}

/** Reads and checks all that connections are secured with; never rejects. Source: security.md A8. */
export async function loadTls(
  tls: TlsConfig,
  { nowMs, isLoopback }: { readonly nowMs: number; readonly isLoopback: boolean },
): Promise<LoadedTls> {
  const read = await readTlsFiles(tls);
  const problems = [...read.problems];
  const doubts: Problem[] = [];
  const warnings: string[] = [];
  const attempt = <T>(file: TlsFile, check: () => T): T | undefined => {
    try {
      return check();
    } catch (cause) {
      problems.push({ path: keyOf(read, file), message: `${pathOf(read, file)}: ${reasonOf(cause)}` });
      return undefined;
    }
  };
  const { cert, key, ca, crl } = read.texts;
  const passphrase = read.texts.passphrase?.replace(/\r?\n$/, "");
  const wishes = { nowMs, cname: tls.cname ?? undefined };
  const checked = cert === undefined ? undefined : attempt("cert", () => checkChain(cert, wishes));
  const ownKey = key === undefined ? undefined : attempt("key", () => readKey({ key, passphrase }));
  if (checked !== undefined && ownKey !== undefined) attempt("key", () => assertKeyOf(checked.certificate, ownKey));
  if (ca !== undefined) attempt("ca", () => assertBundle(ca));
  if (crl !== undefined) warnings.push(...(attempt("crl", () => crlWarnings(crl, nowMs)) ?? []));
  for (const { message } of checked?.warnings ?? [])
    doubts.push({ path: keyOf(read, "cert"), message: `${pathOf(read, "cert")} ${message}` });
  if (checked !== undefined) {
    const ending = expiryWarning(checked.expiresMs, nowMs);
    if (ending !== undefined) warnings.push(ending);
    if (!isLoopback && isSelfSigned(checked.certificate))
      warnings.push("the certificate is self-signed: callers have no way to know that it is this server's");
  }
  const material =
    problems.length > 0 || cert === undefined || key === undefined
      ? undefined
      : { pair: { cert, key, passphrase }, profile: tls.profile, ca, crl };
  // What OpenSSL does not take, such as keys that are too short, is known by asking it.
  if (material !== undefined) attempt("cert", () => createSecureContext(tlsOptions(material)));
  return {
    material: problems.length > 0 ? undefined : material,
    expiresMs: checked?.expiresMs,
    problems,
    doubts,
    warnings,
    seen: textOf(read),
  };
}

function keyOf({ sources }: TlsTexts, file: TlsFile): string {
  return sources[file]?.key ?? "server.tls";
}

function pathOf({ sources }: TlsTexts, file: TlsFile): string {
  return sources[file]?.path ?? file;
}

/** Throws for a bundle without a certificate, or with one that can't be read. */
function assertBundle(pem: string): void {
  const blocks = pemBlocks(pem, "CERTIFICATE");
  if (blocks.length === 0) throw new Error("expected PEM certificates of authorities (-----BEGIN CERTIFICATE-----)");
  for (const block of blocks) new X509Certificate(block);
}

function crlWarnings(pem: string, nowMs: number): readonly string[] {
  return parseCrls(pem)
    .filter(({ nextUpdateMs }) => nextUpdateMs !== undefined && nextUpdateMs <= nowMs)
    .map(
      () => "a list of revoked certificates is out of date: no caller of its authority is let in until it is renewed",
    );
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}
