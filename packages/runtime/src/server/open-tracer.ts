import type { Config } from "../config/types.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { CallTracer } from "../telemetry/traces/call-tracer.ts";

/** Longest wait for the last spans when a worker ends; a drain that must be quicker waits for a part of its own time. */
const FLUSH_MS = 2000;
const DRAIN_SHARE = 4;

/** What follows the calls of one worker; undefined where traces are off, and then nothing of OpenTelemetry is loaded. */
export async function openTracer(
  config: Pick<Config, "tracing" | "server">,
  parts: {
    readonly service: { readonly name: string; readonly version: string };
    readonly metrics: Pick<Metrics, "spansDropped">;
    readonly log: Logger;
  },
): Promise<CallTracer | undefined> {
  if (config.tracing === null) return undefined;
  const { createCallTracer } = await import("../telemetry/traces/create-call-tracer.ts");
  const { port, grpcPort, drainTimeoutMs } = config.server;
  return createCallTracer(config.tracing, {
    service: parts.service,
    ports: { http: port, grpc: grpcPort },
    flushMs: Math.min(FLUSH_MS, drainTimeoutMs / DRAIN_SHARE),
    log: parts.log,
    onDropped: parts.metrics.spansDropped,
  });
}
