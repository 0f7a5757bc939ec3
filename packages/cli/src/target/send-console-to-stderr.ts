import { Console } from "node:console";

/** Keeps what an author's module prints while it is loaded out of the command's own output, which scripts read. */
export function sendConsoleToStderr(): void {
  globalThis.console = new Console(process.stderr, process.stderr);
}
