import { createHash } from "node:crypto";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../files/whole-file.ts";
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
  await writeWhole(pathOf(blobs, name), (temporary) => writeFile(temporary, JSON.stringify(value)));
}

function pathOf({ dir }: BlobStore, { kind, key }: RecordName): string {
  return join(dir, kind, `${createHash("sha256").update(key).digest("hex")}.json`);
}
