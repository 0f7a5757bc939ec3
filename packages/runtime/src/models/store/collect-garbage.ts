import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { StoreLayout } from "./layout.ts";
import { readManifests } from "./read-manifests.ts";
import { removeAbandoned } from "./staging.ts";

/**
 * Removes contents that no tag names and returns the bytes freed.
 *
 * Safe beside imports in other processes: a tree leaves its place before it is known to be garbage and goes back when a tag has appeared meanwhile,
 * and a blob goes when nothing else is linked to it, so that an import that holds a link keeps its bytes.
 */
export async function collectGarbage(layout: StoreLayout, nowMs: number): Promise<number> {
  await removeAbandoned(layout, nowMs);
  const trees = await names(layout.trees);
  const kept = await usedTrees(layout);
  for (const tree of trees) {
    if (!kept.has(tree)) await removeTree(layout, tree);
  }
  return removeUnlinkedBlobs(layout);
}

async function removeTree(layout: StoreLayout, tree: string): Promise<void> {
  const away = join(layout.tmp, randomUUID());
  await mkdir(layout.tmp, { recursive: true });
  // Gone when another process collects as well.
  if (!(await moved(join(layout.trees, tree), away))) return;
  if ((await usedTrees(layout)).has(tree) && (await moved(away, join(layout.trees, tree)))) return;
  await rm(away, { recursive: true, force: true });
}

async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

async function removeUnlinkedBlobs(layout: StoreLayout): Promise<number> {
  let freedBytes = 0;
  for (const name of await names(layout.blobs)) {
    const path = join(layout.blobs, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.nlink > 1) continue;
    await unlink(path).catch(() => undefined);
    freedBytes += found.size;
  }
  return freedBytes;
}

async function usedTrees(layout: StoreLayout): Promise<ReadonlySet<string>> {
  return new Set((await readManifests(layout)).map(({ digest }) => digest.slice("sha256:".length)));
}

async function names(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(() => []);
}
