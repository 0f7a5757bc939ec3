import type { RunningServer } from "./start-server.ts";

/**
 * Runs a server until it is told to stop, and gives its exit code.
 *
 * SIGTERM and SIGINT drain; a second signal ends every worker at once.
 */
export function runUntilStopped(server: RunningServer): Promise<number> {
  return new Promise((resolve) => {
    let draining = false;
    const stop = (): void => {
      if (draining) {
        server.kill();
        return;
      }
      draining = true;
      void server.drain().then((code) => {
        process.off("SIGTERM", stop);
        process.off("SIGINT", stop);
        resolve(code);
      });
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}
