import { failed } from "../command-error.ts";

/** Runs work that Ctrl-C and SIGTERM end in order. Throws CommandError with `message` when they did; a second signal ends the process at once. */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  message = "interrupted: nothing half-written was left behind",
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(failed(message));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } catch (cause) {
    // Whatever the interrupted part says of it, the user has asked for the end.
    controller.signal.throwIfAborted();
    throw cause;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
