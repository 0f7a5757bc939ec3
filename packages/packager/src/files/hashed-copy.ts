import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { copyInto } from "./write-tree.ts";

/** Size in bytes and lower-case hexadecimal SHA-256 of a file. */
export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
}

/** Files up to this size are read at once, in bytes: a stream costs three times as much for the small ones that packages are made of. */
const AT_ONCE = 1024 * 1024;

/** Reads a file for its facts. The abort signal ends the reading. */
export async function fileFacts(path: string, signal?: AbortSignal): Promise<FileFacts> {
  const { size } = await stat(path);
  const hash = createHash("sha256");
  const options = signal === undefined ? {} : { signal };
  if (size <= AT_ONCE) hash.update(await readFile(path, options));
  else for await (const chunk of createReadStream(path, { ...options, highWaterMark: AT_ONCE })) hash.update(chunk);
  return { size, sha256: hash.digest("hex") };
}

/** Copies a file and gives the facts of the copy. */
export async function hashedCopy(
  from: string,
  to: string,
  { signal, isProgram = false }: { readonly signal: AbortSignal; readonly isProgram?: boolean },
): Promise<FileFacts> {
  await copyInto(from, to, { isProgram });
  return fileFacts(to, signal);
}
