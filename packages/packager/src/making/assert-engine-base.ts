import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCacheDir, openBlobStore } from "../blobs/blob-store.ts";
import { findRecord, putRecord } from "../blobs/records.ts";
import { ENGINES } from "../image/engines/all.ts";
import { askEngine } from "../image/engines/ask-engine.ts";
import type { EngineName } from "../image/engines/engine.ts";
import { assertBase } from "../oci/assert-base.ts";
import { pickPlatform } from "../oci/pick-platform.ts";
import { savedBase } from "./base-from-engine.ts";

interface BaseOptions {
  /** As container engines write it. */
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Looks into the base that an engine has, as `oci` looks into its own: once, since what was found fit is remembered by its id.
 *
 * Throws FAILED_PRECONDITION, one sentence with the next step, for one in which a service would not start.
 */
export async function assertEngineBase(
  engine: EngineName,
  base: string,
  { platform, env, signal }: BaseOptions,
): Promise<void> {
  const client = { env, signal };
  const id = await askEngine(
    engine,
    ENGINES[engine].inspect(base),
    client,
    `the base image "${base}" can't be looked at`,
  );
  const cache = openBlobStore(buildCacheDir(env));
  const record = { kind: "bases", key: `fit ${platform} ${engine} ${id.trim()}` } as const;
  if ((await findRecord(cache, record)) !== undefined) return;
  const temporary = await mkdtemp(join(tmpdir(), "bento-look-"));
  try {
    // Not the cache: an engine's base is its own.
    const blobs = openBlobStore(temporary);
    const root = await savedBase(engine, base, { blobs, env, signal });
    await assertBase(await pickPlatform(root, { platform, name: base, blobs }), { name: base, blobs, signal });
    // Where this user can't keep it, the next build looks again.
    await putRecord(cache, record, { base }).catch(() => undefined);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
