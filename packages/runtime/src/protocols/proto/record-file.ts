import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseProtoRecord, PROTO_RECORD_FILE } from "./record.ts";
import type { ProtoRecord } from "./types.ts";

/** The record in a project's or a bento's folder, undefined when it has none. Throws FAILED_PRECONDITION for one that can't be used. */
export async function readProtoRecord(dir: string): Promise<ProtoRecord | undefined> {
  const text = await readFile(join(dir, PROTO_RECORD_FILE), "utf8").catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  });
  return text === undefined ? undefined : parseProtoRecord(text);
}

/** The text of a record's file. */
export function printProtoRecord(record: ProtoRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
