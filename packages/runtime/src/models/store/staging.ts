import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreLayout } from "./layout.ts";

/** Gives `work` an empty folder on the store's own disk and removes it with all that was not moved out of it. */
export async function withStaging<T>(layout: StoreLayout, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = join(layout.tmp, randomUUID());
  await mkdir(dir, { recursive: true });
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Removes what a process that was killed left behind a day ago or earlier. */
export async function removeAbandoned(layout: StoreLayout, nowMs: number): Promise<void> {
  for (const name of await readdir(layout.tmp).catch(() => [])) {
    const path = join(layout.tmp, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && nowMs - found.mtimeMs > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}
