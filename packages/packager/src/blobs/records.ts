import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BlobStore } from "./blob-store.ts";

/** Names a record: its kind is a folder of the cache, its key whatever the record was found out from. */
export interface RecordName {
  readonly kind: "layers" | "bases" | "base-facts";
  readonly key: string;
}

/** What an earlier build has found out, undefined when none has; marks it as used. A damaged record is none. */
export async function findRecord(blobs: BlobStore, name: RecordName): Promise<unknown> {
  const path = pathOf(blobs, name);
  const now = new Date();
  try {
    await utimes(path, now, now);
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Keeps what was found out for later builds; whole or not at all. */
export async function putRecord(blobs: BlobStore, name: RecordName, value: object): Promise<void> {
  const path = pathOf(blobs, name);
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

function pathOf({ dir }: BlobStore, { kind, key }: RecordName): string {
  return join(dir, kind, `${createHash("sha256").update(key).digest("hex")}.json`);
}
