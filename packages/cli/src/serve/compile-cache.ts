import { existsSync, mkdirSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Keeps the compiled code of this process and its workers for the next start, which then takes a tenth less CPU; where it can't be written, nothing is kept.
 *
 * It stands beside the stores, in a folder of the user's own: who can write to it can run code here, so Node's default, a folder in the system's temporary one,
 * is no place for it. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` hold as ever.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv = process.env): void {
  const home = env["BENTO_HOME"] ?? "";
  const stores = home === "" ? join(homedir(), ".bento-ts") : home;
  const dir = join(stores, "compiled");
  try {
    // One by one: Node makes a path of several folders without end where the system has no such files, as below /proc.
    for (const folder of [stores, dir]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    if (isOwn(dir)) enableCompileCache(dir);
  } catch {
    // A home that can't be written to, as in a container with a read-only root: the start takes a little longer.
  }
}

/** Whether nobody else can write to a folder; systems without owners as POSIX has them keep homes apart by other means. */
function isOwn(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}
