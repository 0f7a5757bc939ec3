import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { hostname } from "node:os";

/** Of the machine or container whose process ids count; containers that share a folder have ids of their own. */
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** Names this process among those that share a folder: `<host>-<process id>`. */
export const OWN_MARK: string = `${HOST}-${process.pid}`;

/** What another machine's process has not touched for so long was left behind. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Whether the process that a mark names may still use a path; `mark` may go on after the process id. */
export async function isInUse(path: string, mark: string): Promise<boolean> {
  const [, host, pid] = /^([0-9a-f]{8})-([0-9]+)/.exec(mark) ?? [];
  if (host === HOST) return isRunning(Number(pid));
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < ABANDONED_MS;
}

/** Whether a process of this machine has this id: one that another user started counts. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}
