import type { ReadKey } from "./keys.ts";
import { resolveSecurity } from "./security/resolve-security.ts";
import { resolveCors, resolveTls } from "./security/resolve-tls.ts";
import type { Config, ImageConfig, LimitsConfig, ProtocolsConfig, ServerConfig } from "./types.ts";

/** The configuration with every key decided, frozen; names carry their units. */
export function resolveConfig(key: ReadKey, deployment: Pick<Config, "seldon" | "kserve" | "tracing">): Config {
  return Object.freeze({
    service: key("service"),
    models: key("models"),
    modelDir: key("modelDir"),
    parameters: key("parameters"),
    server: resolveServer(key),
    security: resolveSecurity(key),
    telemetry: Object.freeze({
      logLevel: key("telemetry.logLevel"),
      logFormat: key("telemetry.logFormat"),
      traces: key("telemetry.traces"),
    }),
    image: resolveImage(key),
    ...deployment,
  });
}

function resolveServer(key: ReadKey): ServerConfig {
  return Object.freeze({
    host: key("server.host"),
    port: key("server.port"),
    grpcPort: resolveGrpcPort(key),
    modelName: key("server.modelName"),
    basePath: key("server.basePath"),
    workers: key("server.workers"),
    tuning: key("server.tuning"),
    requestTimeoutMs: key("server.requestTimeout"),
    hungRunGraceMs: key("server.hungRunGrace"),
    drainDelayMs: key("server.drainDelay"),
    drainTimeoutMs: key("server.drainTimeout"),
    maxConnectionAgeMs: key("server.maxConnectionAge"),
    trustedProxies: key("server.trustedProxies"),
    protocols: resolveProtocols(key),
    limits: resolveLimits(key),
    tls: resolveTls(key),
    cors: resolveCors(key),
    admin: Object.freeze({
      host: key("server.admin.host"),
      port: key("server.admin.port"),
      metricsPath: key("server.admin.metricsPath"),
    }),
  });
}

/** Whoever asks for any free REST port may run several servers on one machine: a fixed gRPC port would let only one start. */
function resolveGrpcPort(key: ReadKey): number {
  const port = key("server.grpcPort");
  if (port !== "auto") return port;
  return key("server.port") === 0 ? 0 : 3001;
}

function resolveProtocols(key: ReadKey): ProtocolsConfig {
  return Object.freeze({
    native: key("server.protocols.native"),
    v2: key("server.protocols.v2"),
    kserveV1: key("server.protocols.kserveV1"),
    seldon: key("server.protocols.seldon"),
  });
}

function resolveLimits(key: ReadKey): LimitsConfig {
  return Object.freeze({
    jsonBytes: key("server.limits.json"),
    binaryBytes: key("server.limits.binary"),
    grpcBytes: key("server.limits.grpc"),
    headersBytes: key("server.limits.headers"),
    connections: key("server.limits.connections"),
    connectionsPerIp: key("server.limits.connectionsPerIp"),
    queueRows: key("server.limits.queueRows"),
    queueBytes: key("server.limits.queueBytes"),
    concurrency: key("server.limits.concurrency"),
    workerMemoryBytes: key("server.limits.workerMemory"),
  });
}

function resolveImage(key: ReadKey): ImageConfig {
  return Object.freeze({
    base: key("image.base"),
    packages: key("image.packages"),
    env: key("image.env"),
    scripts: key("image.scripts"),
    files: key("image.files"),
  });
}
