import type { BatchContext, Context, ContextLogger, ContextMetrics } from "../authoring/context.ts";
import { joinTraces, TRACE, type Traced } from "../call/call-trace.ts";
import { type Cancellation, CANCELLATION } from "../call/cancellation.ts";
import { type Bounded, LONGEST_CALL } from "../call/longest-call.ts";

export interface BatchContextOptions {
  readonly api: string;
  readonly items: readonly (Context & Bounded)[];
  /** Aborts when all callers are gone. */
  readonly cancellation: Cancellation;
  logFor(requestIds: readonly string[]): ContextLogger;
  readonly metrics: ContextMetrics;
}

/** Makes the context of one batch. */
export function createBatchContext(options: BatchContextOptions): BatchContext {
  return new ItemsContext(options);
}

class ItemsContext implements BatchContext {
  readonly #options: BatchContextOptions;
  #signal: AbortSignal | undefined;

  constructor(options: BatchContextOptions) {
    this.#options = options;
  }

  get items(): readonly Context[] {
    return this.#options.items;
  }

  get api(): string {
    return this.#options.api;
  }

  get [CANCELLATION](): Cancellation {
    return this.#options.cancellation;
  }

  get [TRACE](): Traced[typeof TRACE] {
    return joinTraces(this.items);
  }

  /** That of each: they are calls of one API. */
  get [LONGEST_CALL](): Bounded[typeof LONGEST_CALL] {
    return this.#options.items[0]?.[LONGEST_CALL];
  }

  /** Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    const controller = new AbortController();
    const { cancellation } = this.#options;
    const abort = (): void => controller.abort(cancellation.reason);
    if (cancellation.aborted) abort();
    else cancellation.addEventListener("abort", abort, { once: true });
    this.#signal = controller.signal;
    return this.#signal;
  }

  get deadline(): number {
    return Math.max(...this.items.map(({ deadline }) => deadline));
  }

  get log(): ContextLogger {
    return this.#options.logFor([...new Set(this.items.map(({ requestId }) => requestId))]);
  }

  get metrics(): ContextMetrics {
    return this.#options.metrics;
  }
}
