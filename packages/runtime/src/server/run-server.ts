import { isatty } from "node:tty";
import type { RunningServer } from "./start-server.ts";

/** File descriptor. */
const STDIN = 0;

/**
 * Runs a server until it is told to stop, and gives its exit code.
 *
 * SIGTERM and SIGINT drain; a second signal ends every worker at once. An error that nobody catches in this process, where the author's file is loaded too, drains
 * as well; the exit code is 1 then. SIGHUP opens files anew that records are appended to and looks at certificates at once, unless the server was started on a
 * terminal, which sends it when it is closed.
 */
export function runUntilStopped(server: RunningServer): Promise<number> {
  return new Promise((resolve) => {
    let draining = false;
    let hasFailed = false;
    const drain = (): void => {
      if (draining) return;
      draining = true;
      void server.drain().then((code) => {
        process.off("SIGHUP", reopen).off("SIGTERM", stop).off("SIGINT", stop).off("uncaughtException", fail);
        resolve(hasFailed ? 1 : code);
      });
    };
    const stop = (): void => {
      if (draining) server.kill();
      else drain();
    };
    const reopen = (): void => {
      server.reopenFiles();
      server.reload();
    };
    const fail = (thrown: unknown): void => {
      if (hasFailed) return;
      hasFailed = true;
      server.uncaught(thrown);
      drain();
    };
    if (!isatty(STDIN)) process.on("SIGHUP", reopen);
    process.on("SIGTERM", stop).on("SIGINT", stop).on("uncaughtException", fail);
  });
}
