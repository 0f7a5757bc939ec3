import { constants, copyFileSync, linkSync, mkdirSync, rmSync, statSync } from "node:fs";
import { chmod, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ListedFile } from "../files/file-list.ts";
import { type BentoManifest, encodeBentoManifest } from "./bento-manifest.ts";
import { type BentoLayout, blobPath, tagPath, treePath } from "./store-layout.ts";

/** Brings the bytes of a file that the store lacks to a path at which nothing stands. */
export type BringFile = (file: ListedFile, target: string) => Promise<void>;

/** What was there before and what was written. */
export interface PlacedBento {
  readonly manifest: BentoManifest;
  readonly reusedFiles: number;
}

/**
 * Puts a bento into the store under its tag, in place of what the tag named.
 *
 * Whole or not at all, and in any order with other processes that put bentos in or collect garbage: each step is one atomic link or rename, a file's
 * bytes are held by a link from the start, and the tag, which makes the bento visible, comes last. `stage` is an empty folder of the caller's.
 */
export async function placeBento(
  layout: BentoLayout,
  manifest: BentoManifest,
  { stage, bring }: { readonly stage: string; readonly bring: BringFile },
): Promise<PlacedBento> {
  const reusedFiles = await placeTree(layout, manifest, { stage: join(stage, "tree"), bring });
  const draft = join(stage, "tag.json");
  await writeFile(draft, encodeBentoManifest(manifest), { flush: true });
  const target = tagPath(layout, manifest);
  await mkdir(dirname(target), { recursive: true });
  await rename(draft, target);
  // A garbage collection that had not seen the tag may have taken the tree; from now on none will.
  await placeTree(layout, manifest, { stage: join(stage, "again"), bring });
  return { manifest, reusedFiles };
}

/** Makes the folder of a content where there is none; gives the number of files whose bytes the store had. */
async function placeTree(
  layout: BentoLayout,
  { digest, files }: BentoManifest,
  { stage, bring }: { readonly stage: string; readonly bring: BringFile },
): Promise<number> {
  const target = treePath(layout, digest);
  if (await isThere(target)) return files.length;
  await mkdir(layout.blobs, { recursive: true });
  await mkdir(layout.trees, { recursive: true });
  const folders = new Set(files.map(({ path }) => dirname(join(stage, path))));
  for (const folder of [stage, ...folders]) mkdirSync(folder, { recursive: true });
  let reused = 0;
  for (const [at, file] of files.entries()) {
    // Signals and other work are heard here.
    if (at % BETWEEN_TURNS === 0) await nextTurn();
    const path = join(stage, file.path);
    if (takeBlob(layout, file, path)) {
      reused += 1;
      continue;
    }
    await bring(file, path);
    await chmod(path, file.isProgram ? 0o555 : 0o444);
    try {
      linkOrCopy(path, blobPath(layout, file));
    } catch (cause) {
      unless("EEXIST")(cause);
    }
  }
  // Another process may have put the same content there meanwhile.
  await rename(stage, target).catch(unless("ENOTEMPTY", "EEXIST"));
  return reused;
}

/** Files after which other work has its turn; waiting for each by itself would take several times as long as its link. */
const BETWEEN_TURNS = 64;

/** Links a blob to `target`; false when there is none. One of another size was cut off when a machine went down: it is taken away. */
export function takeBlob(layout: BentoLayout, file: ListedFile, target: string): boolean {
  const blob = blobPath(layout, file);
  try {
    linkOrCopy(blob, target);
  } catch (cause) {
    unless("ENOENT")(cause);
    return false;
  }
  if (statSync(target).size === file.size) return true;
  rmSync(target);
  rmSync(blob, { force: true });
  return false;
}

/** A second name for a file that never replaces one; a copy where the file system has no hard links, or has no more of them for this file. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (cause) {
    if (!isCode(cause, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV")) throw cause;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function unless(...codes: readonly string[]): (cause: unknown) => void {
  return (cause) => {
    if (!isCode(cause, ...codes)) throw cause;
  };
}

function isCode(cause: unknown, ...codes: readonly string[]): boolean {
  return cause instanceof Error && "code" in cause && codes.includes(String(cause.code));
}
