import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "../blobs/blob-store.ts";
import { findRecord, putRecord } from "../blobs/records.ts";
import { ENGINES } from "../image/engines/all.ts";
import { askEngine } from "../image/engines/ask-engine.ts";
import type { EngineName } from "../image/engines/engine.ts";
import { runClient } from "../image/engines/run-client.ts";
import { readArchive } from "../oci/read-archive.ts";
import { isWholeImage } from "../oci/read-layout.ts";
import type { Descriptor } from "../oci/types.ts";

interface EngineOptions {
  readonly blobs: BlobStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Takes an image out of the Docker engine of this machine; undefined where no engine answers or it has none of that name. */
export async function baseFromEngine(name: string, options: EngineOptions): Promise<Descriptor | undefined> {
  const { blobs, env, signal } = options;
  const client = { env, signal };
  const found = await runClient("docker", ENGINES.docker.inspect(name), client).catch(() => undefined);
  signal.throwIfAborted();
  if (found?.exitCode !== 0) return undefined;
  const record = { kind: "bases", key: `docker ${found.stdout.trim()}` } as const;
  const known = (await findRecord(blobs, record)) as Descriptor | undefined;
  if (known !== undefined && (await isWholeImage(known, blobs))) return known;
  const root = await savedBase("docker", name, options);
  await putRecord(blobs, record, root);
  return root;
}

/** Takes an image that an engine has into the store of blobs. Throws FAILED_PRECONDITION when it can't be saved. */
export async function savedBase(
  engine: EngineName,
  name: string,
  { blobs, env, signal }: EngineOptions,
): Promise<Descriptor> {
  const temporary = await mkdtemp(join(tmpdir(), "bento-base-"));
  try {
    const file = join(temporary, "base.tar");
    const words = ENGINES[engine].save([name], file);
    await askEngine(engine, words, { env, signal }, `the base image "${name}" can't be saved`);
    return await readArchive(file, { blobs, signal });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
