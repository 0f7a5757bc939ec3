import { TracerProvider } from "@opentelemetry/sdk-trace";
import type { Tracing } from "../../call/tracing.ts";
import type { Logger } from "../logger.ts";
import type { CallTracer } from "./call-tracer.ts";
import { OpenCallSpan } from "./open-call-span.ts";
import { createPropagation } from "./propagation.ts";
import { describeProcess } from "./resource.ts";
import { createSampler } from "./sampler.ts";
import { openExporter } from "./span-exporter.ts";
import { SpanQueue } from "./span-queue.ts";

export interface TracerOptions {
  readonly service: { readonly name: string; readonly version: string };
  /** Ports of REST and gRPC; 0 where it is any free one. */
  readonly ports: { readonly http: number; readonly grpc: number };
  /** Longest wait for the last spans, in milliseconds. */
  readonly flushMs: number;
  readonly log: Pick<Logger, "info" | "warn">;
  onDropped(spans: number, reason: "queue" | "export"): void;
}

/** A value is cut to this length: names come from definitions, some texts from callers. */
const MAX_VALUE_LENGTH = 256;

/** Makes what follows calls. This module and what it imports are loaded where traces are on, and nowhere else. */
export async function createCallTracer(tracing: Tracing, options: TracerOptions): Promise<CallTracer> {
  const queue = new SpanQueue(await openExporter(tracing, options.log), tracing.queue, options);
  const provider = new TracerProvider({
    resource: describeProcess(options.service, tracing.attributes),
    sampler: createSampler(tracing.sampler),
    spanLimits: { attributeValueLengthLimit: MAX_VALUE_LENGTH },
    spanProcessors: [queue],
  });
  const parts = {
    tracer: provider.getTracer("@bento-ts/runtime"),
    propagation: createPropagation(tracing.propagators),
    ports: options.ports,
  };
  return {
    open: (call) => new OpenCallSpan(call, parts),
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, options.flushMs);
      });
      // What could not be sent was counted and said by the queue.
      const sent = provider.shutdown().catch(() => undefined);
      await Promise.race([sent, late]);
      clearTimeout(timer);
    },
  };
}
