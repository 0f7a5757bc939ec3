import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
} from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { calculateJwkThumbprint, type JWK } from "jose";
import { ServingError } from "../../errors.ts";

/** The key pair (ES256) of a developer's own issuer. */
export interface DevKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As it stands in the key set. */
  readonly publicJwk: JsonWebKey;
}

/** Folder of the development issuer: `$BENTO_HOME/dev-idp`, `~/.bento-ts/dev-idp` unless that is set. */
export function devIdpDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = env["BENTO_HOME"];
  return join(home === undefined || home === "" ? join(homedir(), ".bento-ts") : home, "dev-idp");
}

/**
 * The key in a folder, made there for its owner alone (0600) when there is none: whoever may read it signs tokens that a server with this issuer takes.
 *
 * Throws FAILED_PRECONDITION for a file that holds no such key.
 */
export async function loadDevKey(dir: string): Promise<DevKey> {
  const path = join(dir, "key.pem");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const pem = (await read(path)) ?? (await create(path));
  const privateKey = parse(pem);
  if (privateKey?.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new ServingError("FAILED_PRECONDITION", `${path} holds no P-256 key: delete it, and a new one is made`);
  return toDevKey(privateKey);
}

/** A key that is kept nowhere. */
export async function createDevKey(): Promise<DevKey> {
  return toDevKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

async function toDevKey(privateKey: KeyObject): Promise<DevKey> {
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const kid = await calculateJwkThumbprint(jwk as JWK);
  return { kid, privateKey, publicJwk: { ...jwk, kid, alg: "ES256", use: "sig" } };
}

/** Written apart and linked: of two who begin together, both get the first one's key. */
async function create(path: string): Promise<string> {
  const draft = `${path}.${randomUUID()}`;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(draft, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
  return readFile(path, "utf8");
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
}

function parse(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // What is wrong with it does not matter: it is told by its path.
    return undefined;
  }
}
