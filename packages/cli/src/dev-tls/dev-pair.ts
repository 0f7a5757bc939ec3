import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createCertificate } from "./create-certificate.ts";

/** Files with a pair for this machine, and with the authority that has signed it. */
export interface DevPair {
  readonly certFile: string;
  readonly keyFile: string;
  /** What callers are to trust. */
  readonly caFile: string;
}

/** Where the pair of `--dev-tls` is kept: `$BENTO_HOME/dev-tls`, else `~/.bento-ts/dev-tls`. */
export function devTlsDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = env["BENTO_HOME"];
  return join(home === undefined || home === "" ? join(homedir(), ".bento-ts") : home, "dev-tls");
}

/**
 * The pair in a folder for localhost, 127.0.0.1 and ::1, made there for its owner alone (0600) when there is none, or when what is there ends within a week.
 *
 * The authority's key is thrown away as soon as it has signed: nobody can make a second certificate that its trust covers.
 */
export async function loadDevPair(dir: string, nowMs: number): Promise<DevPair> {
  const pair = { certFile: join(dir, "cert.pem"), keyFile: join(dir, "key.pem"), caFile: join(dir, "ca.pem") };
  if (!(await isGood(pair, nowMs))) await writePair(dir, pair, nowMs);
  return pair;
}

const HOSTS = ["localhost", "127.0.0.1", "::1"];
const DAYS = 90;
const RENEW_BEFORE_MS = 7 * 24 * 60 * 60_000;

async function isGood({ certFile, keyFile, caFile }: DevPair, nowMs: number): Promise<boolean> {
  try {
    const [cert, ca] = (await Promise.all([readFile(certFile), readFile(caFile)])).map(
      (pem) => new X509Certificate(pem),
    );
    const key = createPrivateKey(await readFile(keyFile));
    if (cert === undefined || ca === undefined || nowMs + RENEW_BEFORE_MS > Date.parse(cert.validTo)) return false;
    return cert.checkPrivateKey(key) && cert.verify(ca.publicKey);
  } catch {
    // Not there, or half of it: it is made anew.
    return false;
  }
}

async function writePair(dir: string, pair: DevPair, nowMs: number): Promise<void> {
  const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const [authority, key] = [{ subject: "bento-ts development authority", key: newKey() }, newKey()];
  const dates = { nowMs, days: DAYS };
  const contents: readonly (readonly [string, string])[] = [
    [pair.caFile, createCertificate({ ...authority, ...dates })],
    [pair.keyFile, key.export({ type: "pkcs8", format: "pem" }).toString()],
    [pair.certFile, createCertificate({ subject: "localhost", key, issuer: authority, hosts: HOSTS, ...dates })],
  ];
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [path, content] of contents) {
    const fresh = `${path}.${process.pid}`;
    await writeFile(fresh, content, { mode: 0o600 });
    await rename(fresh, path);
  }
}
