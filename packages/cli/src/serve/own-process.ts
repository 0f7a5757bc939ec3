import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a server that was started by another command tells it once it answers. */
export interface ReadyMessage {
  readonly url: string;
  /** Host and port of gRPC. */
  readonly grpcAddress?: string;
  readonly adminUrl?: string;
}

/**
 * Runs `bento-ts` with other arguments as a process of its own, in a process group of its own: Ctrl-C reaches it through the command that started it,
 * never twice.
 */
export function runOwnCommand(args: readonly string[], options: ForkOptions): ChildProcess {
  const bin = import.meta.url.endsWith(".ts") ? "../bin.ts" : "../bin.js";
  return fork(fileURLToPath(new URL(bin, import.meta.url)), [...args], { ...options, detached: true });
}

/** Tells the command that started this process, if one did, that the server answers. */
export function tellParent(message: ReadyMessage): void {
  process.send?.(message);
}

/** Stops this process in order when the command that started it is gone; else it would keep its port for ever. */
export function endWithParent(): void {
  if (process.connected) process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
}
