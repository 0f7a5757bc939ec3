import { chmodSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskFault } from "./disk-fault.ts";
import { isInUse, OWN_MARK } from "./process-mark.ts";
import { replaceFolder } from "./replace-folder.ts";

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
  const { made, stage } = await openStage(parent).catch((cause: unknown) => {
    throw diskFault(cause, parent);
  });
  try {
    const filled = await fill(stage);
    openFolders(stage);
    await replaceFolder(stage, filled.dir, "bento");
    return filled;
  } catch (cause) {
    await rm(stage, { recursive: true, force: true });
    // Only folders that were made for this and are empty.
    if (made !== undefined) await removeEmpty(parent, dirname(made));
    throw diskFault(cause, parent);
  }
}

/** Names of temporary folders begin with this; the process that fills them follows. */
const PREFIX = ".building-";

/** Makes the temporary folder; `made` is the first of the folders that had to be made for it. Those of builds that were killed are swept. */
async function openStage(parent: string): Promise<{ readonly made: string | undefined; readonly stage: string }> {
  const made = await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (name.startsWith(PREFIX) && !(await isInUse(join(parent, name), name.slice(PREFIX.length))))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  // Real: code that runs there learns its own place without symbolic links.
  return { made, stage: await realpath(await mkdtemp(join(parent, `${PREFIX}${OWN_MARK}-`))) };
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
