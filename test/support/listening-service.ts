import { type AddressInfo, createServer } from "node:net";
import { loadConfig } from "../../packages/runtime/src/config/index.ts";
import type { JsonValue } from "../../packages/runtime/src/io/types.ts";
import { buildServer } from "../../packages/runtime/src/server/build-server.ts";
import { loadServiceClass } from "../../packages/runtime/src/server/load-service.ts";
import { createLogger } from "../../packages/runtime/src/telemetry/logger.ts";
import { createMetrics } from "../../packages/runtime/src/telemetry/metrics.ts";
import { createStateCell, type StateCell } from "../../packages/runtime/src/server/state-cell.ts";

/** A service that answers on a free loopback port, in this process. */
export interface ListeningService {
  readonly url: string;
  /** Host and port of gRPC. */
  readonly grpcAddress: string;
  /** What the supervisor would tell: probes answer by it. */
  readonly state: StateCell;
  /** Lets what runs over gRPC finish, as a stopping worker does. */
  drainGrpc(): Promise<void>;
  close(): Promise<void>;
}

/** Serves a class as one worker does; `config` as in bento.yaml, `baseDir` is the folder of its models and examples. */
export async function listen(
  serviceClass: new () => object,
  {
    config = {},
    baseDir = process.cwd(),
  }: { readonly config?: Readonly<Record<string, JsonValue>>; readonly baseDir?: string } = {},
): Promise<ListeningService> {
  const loaded = await loadServiceClass(serviceClass, { baseDir, storeDir: baseDir, cpus: 1, digests: {} });
  const { config: resolved } = await loadConfig({
    env: {},
    serviceConfig: { telemetry: { logLevel: "error" }, ...config },
  });
  const state = createStateCell({ phase: "serving", ready: true, workers: [] });
  const server = await buildServer({
    service: loaded.service,
    config: resolved,
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: "error", format: "json" }),
    now: () => performance.now(),
    state,
    baseDir,
  });
  await server.app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.app.server.address() as AddressInfo;
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => server.grpc.accept(socket));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    grpcAddress: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    state,
    drainGrpc: () => server.grpc.drain(),
    close: async () => {
      listener.close();
      server.app.server.closeAllConnections();
      await server.app.close();
      await loaded.close();
      server.close();
    },
  };
}
