import type { BentoReport, ListedFile } from "@bento-ts/packager";

/** A bento as the store has it. */
export interface StoredBuild {
  readonly platform: string;
  /** `name:version` in the store; null when it could not be stored. */
  readonly tag: string | null;
  /** Its files, and how many of them the store had. */
  readonly files: number;
  readonly reusedFiles: number;
  /** Why it could not be stored: the build is good without. */
  readonly warning: string | null;
}

/** Where the bentos of a build are in the user's store. */
export interface StoredBuilds {
  readonly stored: StoredBuild;
  /** Those of further platforms. */
  readonly otherStored: readonly StoredBuild[];
}

interface StoreOptions {
  /** Files of the bentos that were listed before, by folder. */
  readonly listed: ReadonlyMap<string, readonly ListedFile[]>;
  readonly signal: AbortSignal;
}

/** Puts bentos into the user's store, one after the other. Throws what the abort signal says, and nothing else. */
export async function storeBentos(
  [bento, ...others]: readonly [BentoReport, ...BentoReport[]],
  options: StoreOptions,
): Promise<StoredBuilds> {
  const stored = await storeBento(bento, options);
  const otherStored: StoredBuild[] = [];
  for (const other of others) otherStored.push(await storeBento(other, options));
  return { stored, otherStored };
}

async function storeBento({ dir, platform }: BentoReport, { listed, signal }: StoreOptions): Promise<StoredBuild> {
  const { bentoStoreDir, createBentoStore } = await import("@bento-ts/packager");
  try {
    const store = createBentoStore(bentoStoreDir());
    const { manifest, reusedFiles } = await store.put(dir, { files: listed.get(dir), signal });
    const { name, version, files } = manifest;
    return { platform, tag: `${name}:${version}`, files: files.length, reusedFiles, warning: null };
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const warning = `the bento for ${platform} was not put into the store ${bentoStoreDir()}: ${reason}`;
    return { platform, tag: null, files: 0, reusedFiles: 0, warning };
  }
}
