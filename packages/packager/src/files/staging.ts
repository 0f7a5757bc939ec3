import { chmodSync, readdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BENTO_FILE_NAME, ServingError } from "@bento-ts/runtime/definition";
import { diskFault } from "./disk-fault.ts";
import { isInUse, OWN_MARK } from "./process-mark.ts";

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
    await moveInto(stage, filled.dir);
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

/** Throws FAILED_PRECONDITION when something other than a bento or an empty folder stands there. */
export async function assertReplaceable(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined) return;
  const names = found.isDirectory() ? await readdir(dir).catch(() => [""]) : [""];
  if (names.length === 0 || names.includes(BENTO_FILE_NAME)) return;
  // Another build of the same may have put its own there meanwhile, and be taking away what was read here.
  if ((await stat(dir).catch(() => undefined))?.ino !== found.ino) return assertReplaceable(dir);
  throw new ServingError("FAILED_PRECONDITION", `${dir} exists and is no bento: name another place with -o`);
}

/** Another build of the same bento may do the same meanwhile: then the last one stays, whole. */
async function moveInto(stage: string, dir: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await assertReplaceable(dir);
    const old = `${stage}.old${attempt}`;
    const hadOld = await rename(dir, old).then(
      () => true,
      () => false,
    );
    try {
      await rename(stage, dir);
      // A tenth of the time of the one that waits for each file.
      if (hadOld) rmSync(old, { recursive: true, force: true });
      return;
    } catch (cause) {
      const isTaken = cause instanceof Error && "code" in cause && ["ENOTEMPTY", "EEXIST"].includes(String(cause.code));
      if (hadOld && isTaken) await rm(old, { recursive: true, force: true });
      else if (hadOld) await rename(old, dir);
      if (!isTaken || attempt === MAX_ATTEMPTS) throw cause;
    }
  }
}

/** More builds than would ever end at one moment. */
const MAX_ATTEMPTS = 50;

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
