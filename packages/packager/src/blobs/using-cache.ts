import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isInUse, OWN_MARK } from "../files/process-mark.ts";
import { trimCache } from "./trim-cache.ts";

const TRIM_POLL_MS = 50;

/**
 * Does work with the cache of builds, in which nothing is taken away meanwhile; then takes away what was not used for long, unless other work goes on.
 *
 * Each build leaves a mark while it works, then waits for a trim that goes on; a trim leaves its mark, then looks for those of builds. So one of the two sees the other.
 */
export async function usingCache<T>(dir: string, signal: AbortSignal, work: (dir: string) => Promise<T>): Promise<T> {
  // Where this user can't leave one, what is taken away there is not this user's either, and work that needs no cache goes on.
  const mark = await leaveMark(join(dir, "users")).catch(() => undefined);
  let result: T;
  try {
    while ((await liveMarks(join(dir, "trims"))) > 0) await setTimeout(TRIM_POLL_MS, undefined, { signal });
    result = await work(dir);
  } finally {
    if (mark !== undefined) await rm(mark, { force: true });
  }
  // What was made is whole, whatever becomes of old blobs: the next build trims again.
  await trimUnlessUsed(dir).catch(() => undefined);
  return result;
}

async function trimUnlessUsed(dir: string): Promise<void> {
  const mark = await leaveMark(join(dir, "trims"));
  try {
    if ((await liveMarks(join(dir, "users"))) === 0) await trimCache(dir);
  } finally {
    await rm(mark, { force: true });
  }
}

async function leaveMark(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const mark = join(folder, `${OWN_MARK}-${randomUUID()}`);
  await writeFile(mark, "");
  return mark;
}

/** How many marks are of processes that live; those of dead ones are taken away. */
async function liveMarks(folder: string): Promise<number> {
  let live = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    if (await isInUse(join(folder, name), name)) live += 1;
    else await rm(join(folder, name), { force: true });
  }
  return live;
}
