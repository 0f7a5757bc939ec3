import { setTimeout as delay } from "node:timers/promises";
import { ServingError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import type { Executor } from "./executor.ts";
import { createRunQueue } from "./run-queue.ts";
import { openThread, type ThreadConnection } from "./thread-connection.ts";
import type { ThreadStart } from "./thread-messages.ts";
import type { ModelInfo, RunOptions } from "./types.ts";

export interface InferenceThreadOptions {
  /** Wait before the first replacement of a thread that ended; doubles with each failure in a row, up to the longest. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Runs before each replacement; a throw puts it off until the next try. */
  readonly beforeReplacing: () => Promise<void>;
  /** Told when the thread ended or could not be replaced. */
  readonly onIncident: (error: ServingError) => void;
}

/**
 * Runs a model on a thread of its own, one run at a time.
 *
 * When the thread ends by itself, the run in progress and all that wait fail with UNAVAILABLE at once, and so do new ones until a thread with a
 * freshly loaded model has taken its place. `close` lets runs finish, frees the model and waits for the thread to end: nothing ever
 * ends it from outside, which would abort the process.
 */
export async function startInferenceThread(start: ThreadStart, options: InferenceThreadOptions): Promise<Executor> {
  return new InferenceThread(start, await openThread(start), options);
}

/** Legal moves: running → replacing → running, and from both to closed. */
class InferenceThread implements Executor {
  readonly place = "thread";
  readonly info: ModelInfo;
  readonly #start: ThreadStart;
  readonly #options: InferenceThreadOptions;
  readonly #queue = createRunQueue();
  readonly #closed = new AbortController();
  #connection: ThreadConnection | undefined;
  #failures = 0;
  #replacing: Promise<void> = Promise.resolve();

  constructor(start: ThreadStart, connection: ThreadConnection, options: InferenceThreadOptions) {
    this.#start = start;
    this.#options = options;
    this.info = connection.info;
    this.#use(connection);
  }

  get trouble(): string | undefined {
    return this.#connection === undefined ? "its thread ended and is being replaced" : undefined;
  }

  async run(feeds: NamedTensors, options: RunOptions, onDone?: (ms: number) => void): Promise<NamedTensors> {
    // Without a thread nothing would take the run off the queue soon.
    if (this.#connection === undefined) throw unavailable();
    return this.#queue.run(async () => {
      if (this.#connection === undefined) throw unavailable();
      const { tensors, ms } = await this.#connection.request(feeds, { giveAway: options.transferFeeds === true });
      this.#failures = 0;
      onDone?.(ms);
      return tensors;
    }, options);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#replacing;
    await this.#queue.run(async () => this.#connection?.close());
    this.#connection = undefined;
  }

  #use(connection: ThreadConnection): void {
    this.#connection = connection;
    void connection.ended.then((error) => {
      if (error === undefined) return;
      this.#connection = undefined;
      this.#queue.rejectWaiting(error);
      this.#options.onIncident(error);
      this.#replacing = this.#replace();
    });
  }

  async #replace(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const delayMs = Math.min(this.#options.maxDelayMs, this.#options.firstDelayMs * 2 ** this.#failures++);
      // Waiting for another try is no reason to keep the process alive; the rejection only says that the wait was cut short by close().
      await delay(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#options.beforeReplacing();
        this.#use(await openThread(this.#start));
        return;
      } catch (cause) {
        const text = `the thread that runs the model could not be replaced, it is tried again: ${reasonOf(cause)}`;
        this.#options.onIncident(new ServingError("UNAVAILABLE", text, { cause }));
      }
    }
  }
}

function unavailable(): ServingError {
  return new ServingError("UNAVAILABLE", "the thread that runs the model ended; it is being replaced", {
    retryAfterSeconds: 1,
  });
}
