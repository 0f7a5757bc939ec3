import { type EarlyWorker, startEarlyWorker } from "@bento-ts/runtime/early-worker";
import { keepCompiledCode } from "./compile-cache.ts";

let first: EarlyWorker | undefined;

/** Arguments with which `bento-ts serve` serves nothing in this process. */
const NO_SERVER: readonly string[] = ["--watch", "--help", "-h"];

/**
 * Starts a worker of the command's own copy of the runtime for the server that `bento-ts serve` will be, before its command line is parsed: finding out what to
 * serve takes as long as the worker takes to load.
 *
 * It ends with this process unless a server has taken it.
 */
export function startFirstWorker(args: readonly string[]): void {
  keepCompiledCode();
  if (args.some((argument) => NO_SERVER.includes(argument))) return;
  first = startEarlyWorker();
  process.once("exit", first.discard);
}

/** The worker that was started with this command; undefined where none was. */
export function firstWorker(): EarlyWorker | undefined {
  return first;
}
