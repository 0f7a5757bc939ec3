import { createHash, hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { copyInto } from "./write-tree.ts";

/** Size in bytes and lower-case hexadecimal SHA-256 of a file. */
export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Files up to this size are read at once and waited for, in bytes: the small ones that packages are made of take a third of the CPU so. A larger one goes through
 * one buffer of this size, as new ones for each part would all wait for the garbage collector.
 */
const AT_ONCE = 1024 * 1024;

/** Reads a file for its facts; `onBytes` is told of each part. The abort signal ends the reading. */
export async function fileFacts(
  path: string,
  signal?: AbortSignal,
  onBytes?: (length: number) => void,
): Promise<FileFacts> {
  signal?.throwIfAborted();
  const { size } = statSync(path);
  if (size > AT_ONCE) return largeFileFacts(path, signal, onBytes);
  const bytes = readFileSync(path);
  onBytes?.(bytes.length);
  return { size, sha256: hash("sha256", bytes) };
}

async function largeFileFacts(
  path: string,
  signal: AbortSignal | undefined,
  onBytes: ((length: number) => void) | undefined,
): Promise<FileFacts> {
  const digest = createHash("sha256");
  const buffer = Buffer.allocUnsafe(AT_ONCE);
  await using file = await open(path);
  let size = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    signal?.throwIfAborted();
    if (bytesRead === 0) return { size, sha256: digest.digest("hex") };
    digest.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
    onBytes?.(bytesRead);
  }
}

/** Copies a file, or links it where `isFixed` says that nobody writes into the original, and gives the facts of the copy. */
export async function hashedCopy(
  from: string,
  to: string,
  { signal, ...options }: { readonly signal: AbortSignal; readonly isProgram?: boolean; readonly isFixed?: boolean },
): Promise<FileFacts> {
  await copyInto(from, to, options);
  return fileFacts(to, signal);
}
