import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseKeyFile } from "../../../auth/api-keys/key-file.ts";
import { parseHtpasswd } from "../../../auth/basic/htpasswd-file.ts";
import type { Config } from "../../../config/types.ts";
import { loadTls } from "../../../transports/tls/load-tls.ts";
import { readTlsFiles } from "../../../transports/tls/tls-files.ts";
import { type Finding, problem, warning } from "./finding.ts";

/** What is wrong, or soon will be, with files that the configuration names. Files that can't be read are told by the checks of the start. */
export async function fileFindings(config: Config, nowMs: number): Promise<readonly Finding[]> {
  return [
    ...(await tlsFindings(config, nowMs)),
    ...(await keyFindings(config, nowMs)),
    ...(await passwordFindings(config)),
  ];
}

async function tlsFindings({ server: { tls } }: Config, nowMs: number): Promise<readonly Finding[]> {
  if (tls === null) return [];
  const { problems, doubts, warnings } = await loadTls(tls, { nowMs, isLoopback: false });
  const { key } = (await readTlsFiles(tls)).sources;
  const isShown = key !== undefined && (await isReadByAll(key.path));
  return [
    ...[...problems, ...doubts].map(({ path, message }) => problem(path, message)),
    ...warnings.map((message) => warning("server.tls", message)),
    ...(isShown ? [warning(key.key, `every user of this machine can read the private key ${key.path}`)] : []),
  ];
}

async function isReadByAll(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.mode & 0o004) !== 0;
}

const SOON_MS = 30 * 86_400_000;

async function keyFindings({ security: { apiKeys } }: Config, nowMs: number): Promise<readonly Finding[]> {
  const text = apiKeys === null ? undefined : await readIfThere(apiKeys.file);
  if (text === undefined) return [];
  return [...parseKeyFile(text).keys.values()].flatMap(({ id, owner, expiresMs }) => {
    if (expiresMs === undefined || expiresMs > nowMs + SOON_MS) return [];
    const what = expiresMs <= nowMs ? "has expired" : "ends within 30 days";
    return [warning("security.apiKeys.file", `key ${id} of ${owner} ${what}`)];
  });
}

async function passwordFindings({ security: { basic } }: Config): Promise<readonly Finding[]> {
  if (basic === null || !basic.allowWeakHashes) return [];
  const path = basic.htpasswdFile ?? (basic.secretDir === null ? undefined : join(basic.secretDir, "auth"));
  const text = path === undefined ? undefined : await readIfThere(path);
  if (text === undefined) return [];
  const weak = [...parseHtpasswd(text, { allowWeakHashes: true }).users].filter(([, { kind }]) => kind !== "bcrypt");
  const advice = "give them bcrypt ones (bento-ts htpasswd) and take the key away";
  return weak.length === 0
    ? []
    : [warning("security.basic.allowWeakHashes", `${weak.length} users have weak hashes: ${advice}`)];
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
