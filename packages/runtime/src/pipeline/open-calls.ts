import { ServingError } from "../errors.ts";

/** A call that can be told that its worker ends. */
export interface EndableCall {
  readonly isStream: boolean;
  /** Milliseconds since it was opened. */
  readonly ageMs: number;
  /** Aborts the signal that the author's method has; the call goes on. */
  tell(reason: ServingError): void;
  /** Answers the call with `reason`, unless it has ended. */
  end(reason: ServingError): void;
}

/** The calls that are open in one worker. */
export interface OpenCalls {
  add(call: EndableCall): void;
  delete(call: EndableCall): void;
  /**
   * Ends what does not end in time, so that its caller is answered and its `finally` blocks run before the process is ended from outside in `timeoutMs`.
   *
   * Everything may run until a fifth of that time is left, 5 s at most. Streams that are older than the whole time show that they don't end by themselves: they
   * are told at once, and may send their last words until then.
   */
  drain(timeoutMs: number): void;
}

/** Makes a list without calls. */
export function createOpenCalls(): OpenCalls {
  const calls = new Set<EndableCall>();
  return {
    add: (call) => void calls.add(call),
    delete: (call) => void calls.delete(call),
    drain(timeoutMs) {
      const reason = new ServingError("UNAVAILABLE", "the server is shutting down", { retryAfterSeconds: 1 });
      for (const call of calls) if (call.isStream && call.ageMs > timeoutMs) call.tell(reason);
      setTimeout(
        () => {
          for (const call of calls) call.end(reason);
        },
        timeoutMs - graceMsOf(timeoutMs),
      ).unref();
    },
  };
}

/** What is left of the time of a drain when its calls are ended. */
export function graceMsOf(timeoutMs: number): number {
  return Math.min(MAX_GRACE_MS, timeoutMs / 5);
}

/** For replies to be sent, native runs to be finished, models to be freed and `onShutdown`. */
const MAX_GRACE_MS = 5_000;
