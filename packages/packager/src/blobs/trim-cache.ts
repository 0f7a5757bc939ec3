import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long what nobody uses is kept: blobs, what is known of them and fetched packages for a month, what a killed build left half-written for a day. */
const KEPT_MS = {
  "blobs/sha256": 30 * DAY_MS,
  layers: 30 * DAY_MS,
  bases: 30 * DAY_MS,
  "base-facts": 30 * DAY_MS,
  packages: 30 * DAY_MS,
  tmp: DAY_MS,
} as const;

/** Takes away of the cache what was not used for long. Nothing else may work with the cache meanwhile: see `usingCache`. */
export async function trimCache(dir: string, now: number = Date.now()): Promise<void> {
  for (const [folder, keptMs] of Object.entries(KEPT_MS)) {
    for (const name of await readdir(join(dir, folder)).catch(() => [])) {
      const path = join(dir, folder, name);
      if (now - (await stat(path)).mtimeMs > keptMs) await rm(path, { recursive: true, force: true });
    }
  }
}
