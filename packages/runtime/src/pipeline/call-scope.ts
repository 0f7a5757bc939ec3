import { ServingError } from "../errors.ts";

/** The time and the caller of one call, joined in one signal. */
export interface CallScope {
  /** Aborts with a ServingError: CANCELLED (caller gone) or DEADLINE_EXCEEDED. */
  readonly signal: AbortSignal;
  /** When the call must be answered, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Settles as `work` does, or rejects with the signal's reason when that comes first; `work` itself goes on. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Lets go of timer and listeners. */
  close(): void;
}

/** Opens the scope of a call that may take `timeoutMs` from now and ends when `callerSignal` aborts. */
export function openScope(callerSignal: AbortSignal, timeoutMs: number): CallScope {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new ServingError("CANCELLED", "the caller went away"));
  const timer = setTimeout(() => {
    controller.abort(new ServingError("DEADLINE_EXCEEDED", `the call was not answered within ${timeoutMs} ms`));
  }, timeoutMs);
  if (callerSignal.aborted) cancel();
  else callerSignal.addEventListener("abort", cancel, { once: true });

  const { signal } = controller;
  return {
    signal,
    deadline: Date.now() + timeoutMs,
    race: (work) =>
      new Promise((resolve, reject) => {
        const abort = (): void => reject(signal.reason);
        if (signal.aborted) abort();
        signal.addEventListener("abort", abort, { once: true });
        work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
      }),
    close: () => {
      clearTimeout(timer);
      callerSignal.removeEventListener("abort", cancel);
    },
  };
}
