import { rmSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { BENTO_FILE_NAME, ServingError } from "@bento-ts/runtime/definition";

/** Kinds of folders that take the place of an earlier one, by the files that mark them. */
const KINDS = {
  bento: [BENTO_FILE_NAME],
  "OCI layout": ["oci-layout", "index.json"],
} as const satisfies Record<string, readonly string[]>;
export type FolderKind = keyof typeof KINDS;

/** Throws FAILED_PRECONDITION when something other than an empty folder or one of this kind stands there. */
export async function assertReplaceable(dir: string, kind: FolderKind): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined) return;
  const names = found.isDirectory() ? await readdir(dir).catch(() => [""]) : [""];
  if (names.length === 0 || KINDS[kind].every((mark) => names.includes(mark))) return;
  // Another build of the same may have put its own there meanwhile, and be taking away what was read here.
  if ((await stat(dir).catch(() => undefined))?.ino !== found.ino) return assertReplaceable(dir, kind);
  throw new ServingError("FAILED_PRECONDITION", `${dir} exists and is no ${kind}: name another place with -o`);
}

/**
 * Moves a whole folder to its place beside it, in place of an earlier one of its kind, which goes last. Another build may do the same meanwhile: then the last one stays,
 * whole.
 *
 * Throws FAILED_PRECONDITION when something else stands there.
 */
export async function replaceFolder(stage: string, dir: string, kind: FolderKind): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await assertReplaceable(dir, kind);
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
