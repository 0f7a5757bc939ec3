import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ServingError } from "../../errors.ts";

/**
 * Replaces a text file in one step by what `edit` makes of it: who reads it meanwhile sees the text before or the text after. Two edits of one file follow
 * each other. A new file is for its owner alone (0600); an existing one keeps mode and owner, and its place when the path is a link.
 *
 * Throws what `edit` throws, FAILED_PRECONDITION for a file that is not UTF-8 or that another process keeps locked; the file is as it was then.
 */
export async function editFile(
  path: string,
  edit: (text: string) => string,
  { lockTries = LOCK_TRIES }: { readonly lockTries?: number } = {},
): Promise<void> {
  const place = await realPlace(path);
  const unlock = await lock(place, lockTries);
  const draft = join(dirname(place), `.${basename(place)}.new`);
  try {
    const before = await stat(place).catch(absent);
    const text = before === undefined ? "" : decode(await readFile(place), path);
    const edited = edit(text);
    const file = await open(draft, "w", 0o600);
    try {
      await file.writeFile(edited);
      if (before !== undefined) {
        await file.chmod(before.mode & 0o777);
        const own = await file.stat();
        if (own.uid !== before.uid || own.gid !== before.gid) await file.chown(before.uid, before.gid);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, place);
  } finally {
    await rm(draft, { force: true });
    await unlock();
  }
}

/** Where a link leads; a path that is not there yet is its own place. */
async function realPlace(path: string): Promise<string> {
  const found = await realpath(path).catch(absent);
  return found ?? join(await realpath(dirname(path)), basename(path));
}

/** Five seconds: an edit takes milliseconds. */
const LOCK_TRIES = 100;
const LOCK_RETRY_MS = 50;

async function lock(place: string, maxTries: number): Promise<() => Promise<void>> {
  const path = `${place}.lock`;
  for (let tries = 1; ; tries += 1) {
    try {
      await (await open(path, "wx", 0o600)).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      if (tries >= maxTries)
        throw new ServingError(
          "FAILED_PRECONDITION",
          `${path} is there: another command is changing the file; delete it when none is`,
        );
      await setTimeout(LOCK_RETRY_MS);
    }
  }
}

function decode(bytes: Buffer, path: string): string {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw new ServingError("FAILED_PRECONDITION", `${path} is not UTF-8`);
  return text;
}

function absent(error: unknown): undefined {
  if (!hasCode(error, "ENOENT")) throw error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
