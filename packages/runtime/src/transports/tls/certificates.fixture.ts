import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsPair } from "./tls-pair.ts";

/** A throw-away authority that signs pairs with openssl. */
export interface Authority {
  readonly ca: string;
  /** A pair for a name, valid from now on for some days; negative days have passed. */
  issue(
    name: string,
    options?: { readonly days?: number; readonly usage?: "serverAuth" | "clientAuth"; readonly san?: string },
  ): TlsPair;
}

/** Makes an authority of elliptic-curve keys. */
export function createAuthority(name = "test authority"): Authority {
  const dir = mkdtempSync(join(tmpdir(), "bento-tls-"));
  const openssl = (...args: readonly string[]): Buffer => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const read = (file: string): string => readFileSync(join(dir, file), "utf8");
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-subj",
    `/CN=${name}`,
    "-days",
    "3650",
  );
  const ca = read("ca.crt");
  const caKey = read("ca.key");
  rmSync(dir, { recursive: true });
  return {
    ca,
    issue(subject, { days = 365, usage = "serverAuth", san = `DNS:${subject}` } = {}) {
      const own = mkdtempSync(join(tmpdir(), "bento-tls-"));
      const run = (...args: readonly string[]): Buffer => execFileSync("openssl", args, { cwd: own, stdio: "pipe" });
      writeFileSync(join(own, "ca.crt"), ca);
      writeFileSync(join(own, "ca.key"), caKey);
      writeFileSync(join(own, "ext"), `subjectAltName=${san}\nextendedKeyUsage=${usage}\n`);
      run(
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "key",
        "-out",
        "csr",
        "-subj",
        `/CN=${subject}`,
      );
      run(
        "x509",
        "-req",
        "-in",
        "csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "ext",
        "-out",
        "crt",
        "-days",
        String(days),
      );
      const pair = { cert: readFileSync(join(own, "crt"), "utf8"), key: readFileSync(join(own, "key"), "utf8") };
      rmSync(own, { recursive: true });
      return pair;
    },
  };
}
