import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
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

/** How many of the bytes of a folder's files were read. */
export type OnRead = (doneBytes: number, totalBytes: number) => void;

/**
 * All files of a folder with their digests, sorted by the code units of their paths. Symbolic links are none; the abort signal ends the reading.
 *
 * `onRead` is told first of 0 bytes, and last of all of them.
 */
export async function listFiles(
  dir: string,
  { signal, onRead }: { readonly signal?: AbortSignal | undefined; readonly onRead?: OnRead | undefined } = {},
): Promise<readonly ListedFile[]> {
  const found = pathsIn(dir).map((path) => ({ path, stats: statSync(join(dir, path)) }));
  const totalBytes = found.reduce((sum, { stats }) => sum + stats.size, 0);
  let doneBytes = 0;
  const onBytes = (length: number): void => {
    doneBytes += length;
    onRead?.(Math.min(doneBytes, totalBytes), totalBytes);
  };
  onRead?.(0, totalBytes);
  const files: ListedFile[] = [];
  for (const [
    at,
    {
      path,
      stats: { mode },
    },
  ] of found.entries()) {
    files.push({ path, isProgram: (mode & 0o100) !== 0, ...(await fileFacts(join(dir, path), signal, onBytes)) });
    // Signals and other work are heard here.
    if (at % BETWEEN_TURNS === 0) await nextTurn();
  }
  return files;
}

/** Files after which other work has its turn: some milliseconds. */
const BETWEEN_TURNS = 32;

function pathsIn(dir: string): readonly string[] {
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
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
