import { failed } from "./command-error.ts";
import { endProcess } from "./process-end.ts";
import { reportFailure } from "./report-failure.ts";

/** Ends the command in a sentence when code that it has loaded, such as an author's, throws outside of any call. A server that runs here does so in its own way. */
export function endOnUncaughtErrors(): void {
  process.on("uncaughtException", (thrown: unknown) => {
    if (process.listenerCount("uncaughtException") > 1) return;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    process.exitCode = reportFailure(failed(`an error that nobody caught: ${reason}`, thrown));
    endProcess();
  });
}
