import { type Cancellation, Canceller } from "../call/cancellation.ts";
import { ServingError } from "../errors.ts";
import { atTurnEnd, type Lasting } from "./turn-end.ts";
import type { EndableCall, OpenCalls } from "./open-calls.ts";

/** The time and the caller of one call, joined in one cancellation. */
export interface CallScope {
  /** Aborts with a ServingError: CANCELLED (caller gone), DEADLINE_EXCEEDED or UNAVAILABLE (the worker ends). */
  readonly cancellation: Cancellation;
  /** For the author's method, made when it is first asked for: aborts with `cancellation`, and before it in an old stream whose worker ends. */
  readonly signal: AbortSignal;
  /** The same as `signal` for what waits on the author's behalf, such as a run of a model; makes one only where it is not `cancellation` itself. */
  readonly waiting: Cancellation;
  /** When the call must be answered, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Settles as `work` does, or rejects with the cancellation's reason when that comes first; `work` itself goes on. */
  race<T>(work: Promise<T>): Promise<T>;
  /** What ended the author's work: the reason for which `signal` aborted, when the work threw because of it, else what it threw. */
  causeOf(thrown: unknown): unknown;
  /** Ends the call with an error; its caller reads that. */
  readonly end: (reason: ServingError) => void;
  /** Lets go of timer and listeners. */
  close(): void;
}

export interface ScopeOptions {
  readonly timeoutMs: number;
  readonly isStream: boolean;
  /** Where the call is listed until its scope is closed. */
  readonly openCalls: OpenCalls;
}

/** Opens the scope of a call that may take `timeoutMs` from now and ends when `caller` aborts. */
export function openScope(caller: Cancellation, options: ScopeOptions): CallScope {
  return new Scope(caller, options);
}

/** Timers go by whole milliseconds of another clock. */
const TIMER_MS = 2;

class Scope implements CallScope, EndableCall, Lasting {
  readonly cancellation = new Canceller();
  readonly deadline: number;
  readonly isStream: boolean;
  readonly #timeoutMs: number;
  readonly #openCalls: OpenCalls;
  readonly #caller: Cancellation;
  /** Set, and the call listed, once it has outlasted the turn in which it began. */
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;
  /** Of `signal`. */
  #controller: AbortController | undefined;
  #told: ServingError | undefined;

  constructor(caller: Cancellation, { timeoutMs, isStream, openCalls }: ScopeOptions) {
    this.deadline = Date.now() + timeoutMs;
    this.isStream = isStream;
    this.#timeoutMs = timeoutMs;
    this.#openCalls = openCalls;
    this.#caller = caller;
    atTurnEnd(this);
    if (caller.aborted) this.#cancel();
    else caller.addEventListener("abort", this.#cancel, { once: true });
  }

  /** A deadline of gRPC ends its call by itself, of which the call is told as if its caller had left. */
  readonly #cancel = (): void => {
    if (Date.now() >= this.deadline - TIMER_MS) return this.#expire();
    this.cancellation.abort(new ServingError("CANCELLED", "the caller went away"));
  };

  readonly #expire = (): void => {
    const text = `the call was not answered within ${this.#timeoutMs} ms`;
    this.cancellation.abort(new ServingError("DEADLINE_EXCEEDED", text));
  };

  outlast(): void {
    if (!this.#isOpen) return;
    this.#openCalls.add(this);
    this.#timer = setTimeout(this.#expire, this.#timeoutMs);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      const { cancellation } = this;
      const abort = (): void => controller.abort(cancellation.reason);
      if (cancellation.aborted) abort();
      else if (this.#told !== undefined) controller.abort(this.#told);
      else cancellation.addEventListener("abort", abort);
      this.#controller = controller;
    }
    return this.#controller.signal;
  }

  get waiting(): Cancellation {
    return this.isStream ? this.signal : this.cancellation;
  }

  get ageMs(): number {
    return Date.now() - this.deadline + this.#timeoutMs;
  }

  tell(reason: ServingError): void {
    this.#told = reason;
    this.#controller?.abort(reason);
  }

  readonly end = (reason: ServingError): void => this.cancellation.abort(reason);

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

  causeOf(thrown: unknown): unknown {
    // What waits for a signal throws one of its own, whose cause is the reason; such as `node:timers/promises`.
    return this.#told !== undefined && thrown instanceof Error && thrown.name === "AbortError" ? this.#told : thrown;
  }

  close(): void {
    this.#isOpen = false;
    this.#caller.removeEventListener("abort", this.#cancel);
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#openCalls.delete(this);
  }
}
