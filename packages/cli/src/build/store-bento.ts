import type { BentoReport, ListedFile } from "@bento-ts/packager";

/** A bento as the store has it. */
export interface StoredBuild {
  /** `name:version` in the store; null when it could not be stored. */
  readonly tag: string | null;
  /** Its files, and how many of them the store had. */
  readonly files: number;
  readonly reusedFiles: number;
  /** Why it could not be stored: the build is good without. */
  readonly warning: string | null;
}

/** Puts a bento into the user's store. Throws what the abort signal says, and nothing else. */
export async function storeBento(
  { dir }: BentoReport,
  { files: listed, signal }: { readonly files: readonly ListedFile[] | undefined; readonly signal: AbortSignal },
): Promise<StoredBuild> {
  const { bentoStoreDir, createBentoStore } = await import("@bento-ts/packager");
  try {
    const { manifest, reusedFiles } = await createBentoStore(bentoStoreDir()).put(dir, { files: listed, signal });
    const { name, version, files } = manifest;
    return { tag: `${name}:${version}`, files: files.length, reusedFiles, warning: null };
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const warning = `the bento was not put into the store ${bentoStoreDir()}: ${reason}`;
    return { tag: null, files: 0, reusedFiles: 0, warning };
  }
}
