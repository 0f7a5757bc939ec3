import type { ServiceClass } from "../authoring/registered-service.ts";
import { loadConfig } from "../config/index.ts";
import { buildServer, type BuiltServer } from "../server/build-server.ts";
import { loadServiceClass } from "../server/load-service.ts";
import { createStateCell } from "../server/state-cell.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import type { TestClientOptions } from "./test-client.ts";

/** A server that calls are injected into. */
export interface TestServer {
  readonly app: BuiltServer["app"];
  /** Frees models and runs `onShutdown`. */
  close(): Promise<void>;
}

/** Loads a service class as a worker does and builds its server without a port. Throws ServingError as the server's start would. */
export async function openTestServer(serviceClass: ServiceClass, options: TestClientOptions): Promise<TestServer> {
  const { config } = await loadConfig({
    env: {},
    serviceConfig: { telemetry: { logLevel: "error" }, ...options.config },
  });
  const baseDir = options.baseDir ?? process.cwd();
  const loaded = await loadServiceClass(serviceClass, {
    baseDir,
    storeDir: baseDir,
    cpus: 1,
    digests: {},
    configuredModels: config.models,
    modelDir: config.modelDir,
    parameters: config.parameters,
    fakes: new Map(Object.entries(options.models ?? {})),
  });
  const server = await buildServer({
    service: loaded.service,
    config,
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: config.telemetry.logLevel, format: config.telemetry.logFormat }),
    now: () => performance.now(),
    state: createStateCell({ phase: "serving", ready: true, workers: [] }),
    baseDir,
  });
  return {
    app: server.app,
    async close() {
      await server.app.close();
      await loaded.close();
      await server.close();
    },
  };
}
