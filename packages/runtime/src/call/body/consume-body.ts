import { toServingError } from "../../errors.ts";
import { bodyAborted, bodyCutShort, bodyTooLarge, type BodyLimits } from "./limits.ts";
import type { OpenBody } from "./open-body.ts";

/** Takes one chunk; while a promise of it is open nothing more is read. */
export type ChunkSink = (chunk: Buffer) => Promise<void> | void;

/**
 * Hands every chunk of a body to `sink`, one at a time, and resolves after the last.
 *
 * Throws PAYLOAD_TOO_LARGE, CANCELLED, and what the body's decoding or the sink throws; then the body is abandoned but its connection stays.
 * Chunks may be kept, not written to.
 */
export function consumeBody(body: OpenBody, limits: BodyLimits, sink: ChunkSink): Promise<void> {
  return new BodyReading(body, limits, sink).run();
}

/** One body being read: reading → (sinking ⇄ reading) → settled. */
class BodyReading {
  readonly #body: OpenBody;
  readonly #limits: BodyLimits;
  readonly #sink: ChunkSink;
  readonly #settled = Promise.withResolvers<void>();
  #open = true;
  #bytes = 0;
  #sinking = false;
  #ended = false;

  constructor(body: OpenBody, limits: BodyLimits, sink: ChunkSink) {
    this.#body = body;
    this.#limits = limits;
    this.#sink = sink;
  }

  run(): Promise<void> {
    const { signal } = this.#limits;
    if (signal.aborted) {
      this.#onAbort();
    } else {
      signal.addEventListener("abort", this.#onAbort, { once: true });
      this.#body.stream
        .on("data", this.#onData)
        .on("end", this.#onEnd)
        .on("error", this.#onError)
        .on("close", this.#onClose);
    }
    return this.#settled.promise;
  }

  readonly #onData = (data: Uint8Array | string): void => {
    const chunk = toBuffer(data);
    const { maxBytes, counter, hold, tap } = this.#limits;
    this.#bytes += chunk.length;
    if (counter !== undefined) counter.bytes += chunk.length;
    if (this.#bytes > maxBytes) return this.#fail(bodyTooLarge(this.#limits));
    try {
      hold?.(this.#bytes);
      tap?.(chunk);
      const sunk = this.#sink(chunk);
      if (sunk !== undefined) this.#waitFor(sunk);
    } catch (cause) {
      this.#fail(cause);
    }
  };

  #waitFor(sunk: Promise<void>): void {
    this.#sinking = true;
    this.#body.stream.pause();
    sunk.then(
      () => {
        this.#sinking = false;
        if (this.#ended) this.#finish();
        else if (this.#open) this.#body.stream.resume();
      },
      (cause: unknown) => this.#fail(cause),
    );
  }

  // A paused stream still says that it has ended when the last chunk was taken from it.
  readonly #onEnd = (): void => {
    this.#ended = true;
    if (!this.#sinking) this.#finish();
  };

  readonly #onError = (cause: unknown): void => this.#fail(this.#body.failure(cause));

  readonly #onClose = (): void => {
    if (!this.#ended) this.#fail(bodyCutShort());
  };

  readonly #onAbort = (): void => this.#fail(bodyAborted(this.#limits.signal));

  #finish(): void {
    if (!this.#open) return;
    try {
      this.#body.assertComplete(this.#bytes);
      this.#detach();
      this.#settled.resolve();
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #fail(cause: unknown): void {
    if (!this.#open) return;
    this.#detach();
    // A connection that is reset later must still find a listener.
    this.#body.stream.on("error", () => {});
    this.#body.abandon();
    this.#settled.reject(toServingError(cause));
  }

  #detach(): void {
    this.#open = false;
    this.#body.stream
      .off("data", this.#onData)
      .off("end", this.#onEnd)
      .off("error", this.#onError)
      .off("close", this.#onClose);
    this.#limits.signal.removeEventListener("abort", this.#onAbort);
  }
}

function toBuffer(data: Uint8Array | string): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
