import { ServingError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";

/** Lines that one worker writes about errors that nobody caught; a timer that throws each millisecond must not fill the disk. */
const MAX_TOLD = 20;

/**
 * Tells of errors that nobody caught in this process, rejected promises included: those that author's code throws in a timer, an event, or a promise that it
 * does not await. Without it Node ends the process at once, with all calls in it.
 *
 * `tell` gets an error that wraps what was thrown, at most 20 times.
 */
export function watchUncaughtErrors(tell: (error: ServingError) => void): void {
  let told = 0;
  process.on("uncaughtException", (thrown: unknown, origin) => {
    told += 1;
    if (told > MAX_TOLD) return;
    const what =
      origin === "unhandledRejection" ? "a promise that nobody awaits was rejected" : "an error outside of any call";
    const last = told === MAX_TOLD ? "; further ones are not told" : "";
    tell(new ServingError("INTERNAL", `${what}: ${reasonOf(thrown)}${last}`, { cause: thrown }));
  });
  // What a service prints for a reader who has left is lost, and no error of its own.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}
