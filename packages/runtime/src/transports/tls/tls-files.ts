import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TlsConfig } from "../../config/security/types.ts";
import type { Problem } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";

/** Which file is which. */
export type TlsFile = "cert" | "key" | "passphrase" | "ca" | "crl";

/** A file that is read, and the key that names it. */
export interface TlsSource {
  readonly path: string;
  readonly key: string;
}

/** The files that a configuration names, and what they say. */
export interface TlsTexts {
  readonly sources: Readonly<Partial<Record<TlsFile, TlsSource>>>;
  readonly texts: Readonly<Partial<Record<TlsFile, string>>>;
  readonly problems: readonly Problem[];
}

/** Bundles of hundreds of authorities take half of it. */
const MAX_FILE_BYTES = 1024 * 1024;
/** A mounted secret that is swapped while it is read gives files of two versions; once more is enough. */
const READINGS = 3;

/** Reads the files that the configuration names until two readings agree, so that a swap of the folder in between goes unnoticed. Never rejects. */
export async function readTlsFiles(tls: TlsConfig): Promise<TlsTexts> {
  let last = await readOnce(tls);
  for (let reading = 1; reading < READINGS; reading += 1) {
    const next = await readOnce(tls);
    if (textOf(next) === textOf(last)) return next;
    last = next;
  }
  return last;
}

/** All that was read or failed, as one text to compare by. */
export function textOf({ texts, problems }: Pick<TlsTexts, "texts" | "problems">): string {
  return JSON.stringify([texts.cert, texts.key, texts.passphrase, texts.ca, texts.crl, problems]);
}

async function readOnce(tls: TlsConfig): Promise<TlsTexts> {
  const sources = await sourcesOf(tls);
  const texts: Partial<Record<TlsFile, string>> = {};
  const problems: Problem[] = [];
  for (const file of FILES) {
    const source = sources[file];
    if (source === undefined) continue;
    try {
      texts[file] = await readText(source.path);
    } catch (cause) {
      problems.push({ path: source.key, message: reasonOf(cause) });
    }
  }
  return { sources, texts, problems };
}

const FILES = ["cert", "key", "passphrase", "ca", "crl"] as const satisfies readonly TlsFile[];

async function sourcesOf(tls: TlsConfig): Promise<TlsTexts["sources"]> {
  const { source, keyPassphraseFile, clientAuth, clientCaFile, crlFile } = tls;
  const named = (key: string, path: string | null): TlsSource | undefined =>
    path === null ? undefined : { key: `server.tls.${key}`, path };
  const common = {
    passphrase: named("keyPassphraseFile", keyPassphraseFile),
    ca: clientAuth === "off" ? undefined : named("clientCaFile", clientCaFile),
    crl: clientAuth === "off" ? undefined : named("crlFile", crlFile),
  };
  if (source.kind === "files")
    return { ...common, cert: named("certFile", source.certFile), key: named("keyFile", source.keyFile) };
  const inFolder = (name: string): TlsSource => ({ key: "server.tls.secretDir", path: join(source.secretDir, name) });
  // As cert-manager and `kubectl create secret tls` name them; the other names are those of plain secrets.
  const isPlain = !(await exists(inFolder("tls.crt").path)) && (await exists(inFolder("cert.pem").path));
  const [cert, key] = isPlain ? ["cert.pem", "key.pem"] : ["tls.crt", "tls.key"];
  const ca = clientAuth === "off" || common.ca !== undefined ? common.ca : inFolder("ca.crt");
  return { ...common, cert: inFolder(cert), key: inFolder(key), ca };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES)
    throw new Error(`${path} has ${size} bytes, expected a PEM file of at most ${MAX_FILE_BYTES}`);
  return await readFile(path, "utf8");
}
