import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { copyInto } from "./write-tree.ts";

/** Size in bytes and lower-case hexadecimal SHA-256 of a file. */
export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
}

/** Reads a file for its facts. The abort signal ends the reading. */
export async function fileFacts(path: string, signal?: AbortSignal): Promise<FileFacts> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, signal === undefined ? {} : { signal })) hash.update(chunk);
  return { size: (await stat(path)).size, sha256: hash.digest("hex") };
}

/** Copies a file and gives the facts of the copy. */
export async function hashedCopy(from: string, to: string, signal: AbortSignal): Promise<FileFacts> {
  await copyInto(from, to);
  return fileFacts(to, signal);
}
