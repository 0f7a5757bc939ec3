import { hrTimeToMilliseconds, ExportResultCode } from "@opentelemetry/core";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { OtlpProtocol, Tracing } from "../../call/tracing.ts";
import type { Logger } from "../logger.ts";

/** Opens where spans go. */
export async function openExporter(
  { exporter, protocol, endpoint }: Tracing,
  log: Pick<Logger, "info">,
): Promise<SpanExporter> {
  if (exporter === "console") return createLogExporter(log);
  return OTLP[protocol](endpoint === null ? {} : { url: endpoint });
}

/** Each reads headers, certificates, compression and timeout from the environment by itself. */
const OTLP = {
  "http/protobuf": async (config) =>
    new (await import("@opentelemetry/exporter-trace-otlp-proto")).OTLPTraceExporter(config),
  "http/json": async (config) =>
    new (await import("@opentelemetry/exporter-trace-otlp-http")).OTLPTraceExporter(config),
  grpc: async (config) => new (await import("./otlp-grpc.ts")).OTLPTraceExporter(config),
} as const satisfies Record<OtlpProtocol, (config: { url?: string }) => Promise<SpanExporter>>;

/** Spans as lines of the log: the library's own writes objects over several lines between those of other processes. */
function createLogExporter(log: Pick<Logger, "info">): SpanExporter {
  return {
    export(spans, done) {
      for (const span of spans) {
        const { traceId, spanId } = span.spanContext();
        log.info(
          {
            trace_id: traceId,
            span_id: spanId,
            parent_id: span.parentSpanContext?.spanId,
            durationMs: hrTimeToMilliseconds(span.duration),
            attributes: span.attributes,
          },
          `span ${span.name}`,
        );
      }
      done({ code: ExportResultCode.SUCCESS });
    },
    shutdown: async () => undefined,
  };
}
