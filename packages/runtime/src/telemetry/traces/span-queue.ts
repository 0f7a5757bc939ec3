import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Tracing } from "../../call/tracing.ts";
import { reasonOf } from "../../reason-of.ts";
import type { TracerOptions } from "./create-call-tracer.ts";

/**
 * Hands spans to their exporter in batches, and drops those that come while too many wait or are on their way. What is dropped or could not be sent is counted; the first failure of a row of
 * them is a line in the log.
 */
export class SpanQueue implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #limit: number;
  readonly #options: Pick<TracerOptions, "log" | "onDropped">;
  /** Spans that wait or are on their way: the library counts those that wait alone, and tells nobody which it drops. */
  #held = 0;
  #isFailing = false;

  constructor(exporter: SpanExporter, queue: Tracing["queue"], options: Pick<TracerOptions, "log" | "onDropped">) {
    this.#limit = queue.spans;
    this.#options = options;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) =>
          exporter.export(spans, (result) => {
            this.#settle(spans.length, result);
            done(result);
          }),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: queue.spans,
      maxExportBatchSize: queue.batchSpans,
      scheduledDelayMillis: queue.delayMs,
    });
  }

  onStart(): void {
    // Nothing is known of a span yet.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#held >= this.#limit) return this.#options.onDropped(1, "queue");
    this.#held += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #settle(spans: number, { code, error }: ExportResult): void {
    const { log, onDropped } = this.#options;
    this.#held -= spans;
    if (code === ExportResultCode.SUCCESS) {
      if (this.#isFailing) log.info("spans are sent again");
      this.#isFailing = false;
      return;
    }
    onDropped(spans, "export");
    if (!this.#isFailing)
      log.warn(`spans can't be sent and are dropped: ${error === undefined ? "no reason given" : reasonOf(error)}`);
    this.#isFailing = true;
  }
}
