import { type Cancellation, Canceller } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";

/** The time and the caller of one call, joined in one cancellation. */
export interface CallScope {
  /** Aborts with a ServingError: CANCELLED (caller gone) or DEADLINE_EXCEEDED. */
  readonly cancellation: Cancellation;
  /** The same as an AbortSignal, made when it is first asked for. */
  readonly signal: AbortSignal;
  /** When the call must be answered, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Settles as `work` does, or rejects with the cancellation's reason when that comes first; `work` itself goes on. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Lets go of timer and listeners. */
  close(): void;
}

/** Opens the scope of a call that may take `timeoutMs` from now and ends when `caller` aborts. */
export function openScope(caller: Cancellation, timeoutMs: number): CallScope {
  return new Scope(caller, timeoutMs);
}

class Scope implements CallScope {
  readonly cancellation = new Canceller();
  readonly deadline: number;
  readonly #caller: Cancellation;
  readonly #timer: NodeJS.Timeout;
  #signal: AbortSignal | undefined;

  constructor(caller: Cancellation, timeoutMs: number) {
    this.deadline = Date.now() + timeoutMs;
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.cancellation.abort(
        new ServingError("DEADLINE_EXCEEDED", `the call was not answered within ${timeoutMs} ms`),
      );
    }, timeoutMs);
    if (caller.aborted) this.#cancel();
    else caller.addEventListener("abort", this.#cancel, { once: true });
  }

  readonly #cancel = (): void => this.cancellation.abort(new ServingError("CANCELLED", "the caller went away"));

  get signal(): AbortSignal {
    this.#signal ??= toAbortSignal(this.cancellation);
    return this.#signal;
  }

  race<T>(work: Promise<T>): Promise<T> {
    const { cancellation } = this;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(cancellation.reason);
      if (cancellation.aborted) abort();
      else cancellation.addEventListener("abort", abort);
      work.then(
        (value) => {
          cancellation.removeEventListener("abort", abort);
          resolve(value);
        },
        (cause: unknown) => {
          cancellation.removeEventListener("abort", abort);
          reject(cause);
        },
      );
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#cancel);
  }
}

function toAbortSignal(cancellation: Cancellation): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(cancellation.reason);
  if (cancellation.aborted) abort();
  else cancellation.addEventListener("abort", abort);
  return controller.signal;
}
