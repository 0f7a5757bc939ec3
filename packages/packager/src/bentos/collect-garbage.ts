import { randomUUID } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isInUse, OWN_MARK } from "../files/process-mark.ts";
import { readTags } from "./read-tags.ts";
import { removeAbandoned } from "./staged-work.ts";
import { type BentoLayout, hexOf } from "./store-layout.ts";

/**
 * Removes contents that no tag names and no process uses, and returns the bytes freed.
 *
 * Safe beside other processes: a tree leaves its place before it is known to be garbage and goes back when a tag or a use has appeared meanwhile, and a blob
 * goes when nothing else is linked to it, so that whoever holds a link keeps its bytes.
 */
export async function collectGarbage(layout: BentoLayout): Promise<number> {
  await removeAbandoned(layout);
  const trees = await namesIn(layout.trees);
  const kept = await keptTrees(layout);
  for (const tree of trees) {
    if (!kept.has(tree)) await removeTree(layout, tree);
  }
  return removeUnlinkedBlobs(layout);
}

async function removeTree(layout: BentoLayout, tree: string): Promise<void> {
  const away = join(layout.tmp, `${OWN_MARK}-${randomUUID()}`);
  await mkdir(layout.tmp, { recursive: true });
  // Gone when another process collects as well.
  if (!(await moved(join(layout.trees, tree), away))) return;
  if ((await keptTrees(layout)).has(tree) && (await moved(away, join(layout.trees, tree)))) return;
  // A tenth of the time of the one that waits for each file.
  rmSync(away, { recursive: true, force: true });
}

async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

async function keptTrees(layout: BentoLayout): Promise<ReadonlySet<string>> {
  const tagged = (await readTags(layout)).map(({ digest }) => hexOf(digest));
  return new Set([...tagged, ...(await usedTrees(layout))]);
}

/** Trees that processes use; what those have left behind that are gone is removed. */
async function usedTrees({ uses }: BentoLayout): Promise<readonly string[]> {
  const used: string[] = [];
  for (const name of await namesIn(uses)) {
    const [tree = "", mark = ""] = name.split(".");
    if (await isInUse(join(uses, name), mark)) used.push(tree);
    else await rm(join(uses, name), { force: true });
  }
  return used;
}

async function removeUnlinkedBlobs({ blobs }: BentoLayout): Promise<number> {
  let freedBytes = 0;
  for (const name of await namesIn(blobs)) {
    const path = join(blobs, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.nlink > 1) continue;
    await unlink(path).catch(() => undefined);
    freedBytes += found.size;
  }
  return freedBytes;
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(() => []);
}
