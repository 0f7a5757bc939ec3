import type { AddressInfo } from "node:net";
import { loadConfig } from "../../packages/runtime/src/config/index.ts";
import { type BuiltServer, buildServer } from "../../packages/runtime/src/server/build-server.ts";
import { loadServiceClass } from "../../packages/runtime/src/server/load-service.ts";
import { createStateCell } from "../../packages/runtime/src/server/state-cell.ts";
import { createLogger } from "../../packages/runtime/src/telemetry/logger.ts";
import { createMetrics, type Metrics } from "../../packages/runtime/src/telemetry/metrics.ts";

/** A server in this process, on a real port. */
export interface RunningVictim extends BuiltServer {
  readonly port: number;
  /** Lines of the log: why something that should not have failed did. */
  readonly logLines: readonly string[];
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

/** Starts a service in this process as a worker does, and listens on a free loopback port; `env` holds `BENTO_…` variables. */
export async function startVictim(
  serviceClass: new () => object,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningVictim> {
  const { config } = await loadConfig({ env });
  const logLines: string[] = [];
  const metrics = createMetrics({ processMetrics: false });
  const baseDir = new URL("../models", import.meta.url).pathname;
  const loaded = await loadServiceClass(serviceClass, { baseDir, storeDir: baseDir, cpus: 1, digests: {} });
  const server = await buildServer({
    service: loaded.service,
    config,
    metrics,
    log: createLogger({ level: "warn", format: "json", destination: { write: (line) => void logLines.push(line) } }),
    now: () => performance.now(),
    state: createStateCell({ phase: "serving", ready: true, workers: [] }),
    baseDir,
  });
  await server.app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.app.server.address() as AddressInfo;
  return {
    ...server,
    port,
    logLines,
    metrics,
    stop: async () => {
      server.app.server.closeAllConnections();
      await server.app.close();
      await loaded.close();
      await server.close();
    },
  };
}
