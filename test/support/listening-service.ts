import { type AddressInfo, createServer } from "node:net";
import type { ServiceClass } from "../../packages/runtime/src/authoring/registered-service.ts";
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
  /** What the admin port would show of this worker. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** As in bento.yaml. */
  readonly config?: Readonly<Record<string, JsonValue>>;
  /** Variables of the process, those of orchestrators among them. */
  readonly env?: Readonly<Record<string, string>>;
  /** The annotations of the pod, where `env` is a Seldon deployment's. */
  readonly annotationsFile?: string;
  /** Folder of its models and examples. */
  readonly baseDir?: string;
  /** Takes the lines of the log; they go to stdout unless given. */
  readonly onLogLine?: (line: string) => void;
}

/** Serves a class as one worker does. */
export async function listen(
  serviceClass: ServiceClass,
  { config = {}, env = {}, annotationsFile, baseDir = process.cwd(), onLogLine }: ListenOptions = {},
): Promise<ListeningService> {
  const { config: resolved } = await loadConfig({
    env,
    ...(annotationsFile === undefined ? {} : { annotationsFile }),
    serviceConfig: { telemetry: { logLevel: "error" }, ...config },
  });
  const { parameters } = resolved;
  const loaded = await loadServiceClass(serviceClass, { baseDir, storeDir: baseDir, cpus: 1, digests: {}, parameters });
  const metrics = createMetrics({ processMetrics: false });
  const state = createStateCell({ phase: "serving", ready: true, workers: [] });
  const server = await buildServer({
    service: loaded.service,
    config: resolved,
    metrics,
    log: createLogger({
      level: resolved.telemetry.logLevel,
      format: "json",
      ...(onLogLine === undefined ? {} : { destination: { write: onLogLine } }),
    }),
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
    metrics: () => metrics.text(),
    close: async () => {
      listener.close();
      server.app.server.closeAllConnections();
      await server.app.close();
      await loaded.close();
      await server.close();
    },
  };
}
