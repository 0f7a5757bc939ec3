import { chmodSync, readdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BENTO_FILE_NAME, ServingError } from "@bento-ts/runtime/definition";
import { diskFull, isDiskFull } from "./disk-full.ts";

/**
 * Makes a folder beside its final place, so that it appears there whole or not at all.
 *
 * `fill` gets the temporary folder and gives the final one. On any error, an abort included, nothing is left behind. Throws FAILED_PRECONDITION
 * when something that is no bento stands at the final place.
 */
export async function inStaging<T extends { readonly dir: string }>(
  parent: string,
  fill: (stage: string) => Promise<T>,
): Promise<T> {
  const made = await mkdir(parent, { recursive: true });
  // Real: code that runs there learns its own place without symbolic links.
  const stage = await realpath(await mkdtemp(join(parent, ".building-")));
  try {
    const filled = await fill(stage);
    openFolders(stage);
    await moveInto(stage, filled.dir);
    return filled;
  } catch (cause) {
    await rm(stage, { recursive: true, force: true });
    // Only folders that were made for this and are empty.
    if (made !== undefined) await removeEmpty(parent, dirname(made));
    throw isDiskFull(cause) ? diskFull(parent, cause) : cause;
  }
}

/** Throws FAILED_PRECONDITION when something other than a bento or an empty folder stands there. */
export async function assertReplaceable(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined) return;
  const names = found.isDirectory() ? await readdir(dir) : [""];
  if (names.length === 0 || names.includes(BENTO_FILE_NAME)) return;
  throw new ServingError("FAILED_PRECONDITION", `${dir} exists and is no bento: name another place with -o`);
}

async function moveInto(stage: string, dir: string): Promise<void> {
  await assertReplaceable(dir);
  const old = `${stage}.old`;
  const hadOld = await rename(dir, old).then(
    () => true,
    () => false,
  );
  try {
    await rename(stage, dir);
  } catch (cause) {
    if (hadOld) await rename(old, dir);
    throw cause;
  }
  // A tenth of the time of the one that waits for each file.
  if (hadOld) rmSync(old, { recursive: true, force: true });
}

/** Any user of a container may read the folders, whatever mask the builder's shell has. Not waiting for each takes a tenth of the time. */
function openFolders(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(dir, entry.name));
  }
}

async function removeEmpty(dir: string, stopAt: string): Promise<void> {
  for (let folder = dir; folder !== stopAt; folder = dirname(folder)) {
    const isEmpty = (await readdir(folder)).length === 0;
    if (!isEmpty) return;
    await rm(folder, { recursive: true });
  }
}
