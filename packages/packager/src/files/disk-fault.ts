import { mkdir } from "node:fs/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { diskFull, isDiskFull } from "./disk-full.ts";

/** What is said of a call of the system that failed, by its code. */
const FAULTS: Readonly<Record<string, (dir: string) => string>> = {
  EACCES: (dir) => `${dir} can't be written to: give this user the right to, or name another place`,
  EPERM: (dir) => `${dir} can't be written to: give this user the right to, or name another place`,
  EROFS: (dir) => `${dir} can't be written to, its disk is read-only: name another place`,
  ENOTDIR: (dir) => `${dir} can't be made: a part of its path is a file`,
};

/** The error of a write below a folder: FAILED_PRECONDITION that says what to do where the disk is at fault, else the error itself. */
export function diskFault(cause: unknown, dir: string): unknown {
  if (isDiskFull(cause)) return diskFull(dir, cause);
  const isSystem = cause instanceof Error && "syscall" in cause && "code" in cause;
  const message = isSystem ? FAULTS[String(cause.code)]?.(dir) : undefined;
  return message === undefined ? cause : new ServingError("FAILED_PRECONDITION", message, { cause });
}

/** Makes a folder and those above it. Throws FAILED_PRECONDITION that says what to do where it can't be made. */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true }).catch((cause: unknown) => {
    throw diskFault(cause, dir);
  });
}
