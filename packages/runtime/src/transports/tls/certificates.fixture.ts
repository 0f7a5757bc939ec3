import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsPair } from "./tls-pair.ts";

export interface IssueOptions {
  /** Days until it ends; negative ones have passed. */
  readonly days?: number;
  /** Extended key usage, none for undefined. */
  readonly usage?: string | undefined;
  readonly san?: string | undefined;
}

/** A throw-away authority that signs pairs with openssl. */
export interface Authority {
  readonly ca: string;
  /** A pair for a name, valid from now on for some days. Its chain holds the authority too where another one has signed that. */
  issue(name: string, options?: IssueOptions): TlsPair;
  /** An authority that this one has signed. */
  intermediate(name: string): Authority;
  /** A list of these certificates as revoked, good for some days. */
  revoke(certificates: readonly string[], days?: number): string;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes an authority of elliptic-curve keys. */
export function createAuthority(name = "test authority"): Authority {
  const [ca, key] = inFolder((dir, openssl) => {
    openssl("req", "-x509", ...EC, "-keyout", "ca.key", "-out", "ca.crt", "-subj", `/CN=${name}`, "-days", "3650");
    return [readFileSync(join(dir, "ca.crt"), "utf8"), readFileSync(join(dir, "ca.key"), "utf8")];
  });
  return authorityOf({ ca, key, chain: "" });
}

function authorityOf(own: { readonly ca: string; readonly key: string; readonly chain: string }): Authority {
  const sign = (subject: string, extensions: string, days: number): TlsPair =>
    inFolder((dir, openssl) => {
      writeFileSync(join(dir, "ca.crt"), own.ca);
      writeFileSync(join(dir, "ca.key"), own.key);
      writeFileSync(join(dir, "ext"), extensions);
      openssl("req", "-new", ...EC, "-keyout", "key", "-out", "csr", "-subj", `/CN=${subject}`);
      const signing = ["x509", "-req", "-in", "csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
      openssl(...signing, "-extfile", "ext", "-out", "crt", "-days", String(days));
      return { cert: readFileSync(join(dir, "crt"), "utf8"), key: readFileSync(join(dir, "key"), "utf8") };
    });
  return {
    ca: own.ca,
    issue(subject, options = {}) {
      const { days = 365, usage, san } = { usage: "serverAuth", san: `DNS:${subject}`, ...options };
      const extensions = [
        "basicConstraints=CA:FALSE",
        ...(san === undefined ? [] : [`subjectAltName=${san}`]),
        ...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`]),
      ];
      const pair = sign(subject, `${extensions.join("\n")}\n`, days);
      return { ...pair, cert: pair.cert + own.chain };
    },
    intermediate(subject) {
      const { cert, key } = sign(subject, "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n", 365);
      return authorityOf({ ca: cert, key, chain: cert + own.chain });
    },
    revoke: (certificates, days = 30) => listOf(own, certificates, days),
  };
}

function listOf(
  own: { readonly ca: string; readonly key: string },
  certificates: readonly string[],
  days: number,
): string {
  return inFolder((dir, openssl) => {
    writeFileSync(join(dir, "ca.crt"), own.ca);
    writeFileSync(join(dir, "ca.key"), own.key);
    const serials = certificates.map((pem) => new X509Certificate(pem).serialNumber);
    const rows = serials.map((serial) => `R\t400101000000Z\t250101000000Z\t${serial}\tunknown\t/CN=revoked\n`);
    writeFileSync(join(dir, "index"), rows.join(""));
    writeFileSync(join(dir, "cnf"), "[ca]\ndefault_ca=own\n[own]\ndatabase=index\ndefault_md=sha256\n");
    const until =
      days > 0
        ? ["-crldays", String(days)]
        : ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"];
    openssl("ca", "-config", "cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.crt", "-out", "crl", ...until);
    return readFileSync(join(dir, "crl"), "utf8");
  });
}

function inFolder<T>(make: (dir: string, openssl: (...args: readonly string[]) => void) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "bento-tls-"));
  try {
    return make(dir, (...args) => void execFileSync("openssl", args, { cwd: dir, stdio: "pipe" }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
