import { type EarlyWorker, startEarlyWorker as startProcess } from "../workers/early-worker.ts";
import { workerProgram } from "./worker-program.ts";

export type { EarlyWorker };

/**
 * Starts a first worker for `startServer`, as early as can be: it loads the server while this process finds out what is to be served.
 *
 * Whoever starts it discards it when nothing comes of the server.
 */
export function startEarlyWorker(): EarlyWorker {
  return startProcess(workerProgram());
}
