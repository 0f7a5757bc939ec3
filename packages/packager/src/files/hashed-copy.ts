import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { copyInto } from "./write-tree.ts";

/** Size in bytes and lower-case hexadecimal SHA-256 of a file. */
export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
}

/** Copies a file and gives the facts of the copy. The abort signal ends the reading. */
export async function hashedCopy(from: string, to: string, signal: AbortSignal): Promise<FileFacts> {
  await copyInto(from, to);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(to, { signal })) hash.update(chunk);
  return { size: (await stat(to)).size, sha256: hash.digest("hex") };
}
