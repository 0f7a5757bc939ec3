import { readdirSync, readFileSync } from "node:fs";

/** Memory and open files of one process (Linux only). */
export interface ProcessHold {
  readonly rssBytes: number;
  readonly openFiles: number;
}

const PAGE_BYTES = 4096;

/** Reads what a process holds. */
export function holdOf(pid: number): ProcessHold {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return { rssBytes: pages * PAGE_BYTES, openFiles: readdirSync(`/proc/${pid}/fd`).length };
}
