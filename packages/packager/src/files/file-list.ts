import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileFacts } from "./hashed-copy.ts";

/** One file of a folder. */
export interface ListedFile {
  /** Relative, with "/" between names. */
  readonly path: string;
  readonly isProgram: boolean;
  /** In bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** All files of a folder with their digests, sorted by the code units of their paths. Symbolic links are none; the abort signal ends the reading. */
export async function listFiles(
  dir: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly ListedFile[]> {
  const paths = await pathsIn(dir);
  const files: ListedFile[] = [];
  let next = 0;
  const listOn = async (): Promise<void> => {
    for (let path = paths[next]; path !== undefined; path = paths[next]) {
      const at = next;
      next += 1;
      const full = join(dir, path);
      const isProgram = ((await stat(full)).mode & 0o100) !== 0;
      files[at] = { path, isProgram, ...(await fileFacts(full, signal)) };
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, listOn));
  return files;
}

/** Files that are read at the same time: while one is waited for, another is hashed. */
const AT_A_TIME = 4;

async function pathsIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1)).sort();
}

/** One digest "sha256:…" of a folder's content: of the paths, kinds and contents of its files, not of times or owners. */
export function digestOfFiles(files: readonly ListedFile[]): string {
  const hash = createHash("sha256");
  for (const { path, isProgram, size, sha256 } of files) {
    hash.update(`${JSON.stringify([path, isProgram, size, sha256])}\n`);
  }
  return `sha256:${hash.digest("hex")}`;
}
