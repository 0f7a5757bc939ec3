import type { KServeDeployment } from "./kserve/deployment.ts";
import type { CorsConfig, SecurityConfig, TlsConfig } from "./security/types.ts";
import type { SeldonUnit } from "./seldon/unit.ts";
import type { Tracing } from "../call/tracing.ts";

/** The server's configuration with every key decided; sizes in bytes, durations in milliseconds. Meaning of each key: docs/configuration.md. */
export interface Config {
  /** Entry file of the service, relative to the project folder. */
  readonly service: string | null;
  /** What is used instead of models that the code names: store tags or absolute paths, by source or name. */
  readonly models: Readonly<Record<string, string>>;
  /** Where a platform has mounted models: in place of the service's own by their names, or to be served as they are; null for nowhere. */
  readonly modelDir: string | null;
  /** Values for the constructor of the service's class, by name. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly server: ServerConfig;
  readonly security: SecurityConfig;
  readonly telemetry: TelemetryConfig;
  readonly image: ImageConfig;
  /** What a Seldon deployment's own variables say; no key of the configuration. */
  readonly seldon: SeldonUnit;
  /** What is known where KServe runs the server; no key of the configuration. */
  readonly kserve: KServeDeployment;
  /** What variables say of traces, null where they are off; no key of the configuration. */
  readonly tracing: Tracing | null;
}

export interface TelemetryConfig {
  readonly logLevel: LogLevel;
  readonly logFormat: "auto" | "json" | "pretty";
  readonly traces: "off" | "otlp" | "console";
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Equal to `port` (and not 0): one port answers REST and gRPC. */
  readonly grpcPort: number;
  /** Second name of the default API over the protocols that serve models; null for the service's own. */
  readonly modelName: string | null;
  /** Path under which every route stands, "/" or "/prefix". */
  readonly basePath: string;
  readonly workers: "auto" | number;
  /** Whether what was measured by `bento-ts tune` is used. */
  readonly tuning: boolean;
  readonly requestTimeoutMs: number;
  /** How long a model's run may outlast its call before its worker is replaced; null for ever. */
  readonly hungRunGraceMs: number | null;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  /** Age at which a gRPC connection is told to go away. */
  readonly maxConnectionAgeMs: number;
  /** CIDRs whose X-Forwarded-* counts. */
  readonly trustedProxies: readonly string[];
  readonly protocols: ProtocolsConfig;
  readonly limits: LimitsConfig;
  /** Null where connections are not secured. */
  readonly tls: TlsConfig | null;
  readonly cors: CorsConfig;
  readonly admin: { readonly host: string; readonly port: number; readonly metricsPath: string };
}

/** Which protocols the server speaks. */
export interface ProtocolsConfig {
  readonly native: boolean;
  readonly v2: boolean;
  /** KServe V1 and TensorFlow Serving. */
  readonly kserveV1: boolean;
  /** "only" gives Seldon the path `/predict`, whatever the APIs are called. */
  readonly seldon: boolean | "only";
}

export interface LimitsConfig {
  readonly jsonBytes: number;
  readonly binaryBytes: number;
  /** Largest gRPC message, after decompression. */
  readonly grpcBytes: number;
  readonly headersBytes: number;
  /** Connections of the whole server. */
  readonly connections: number;
  /** Connections of one address; those of trusted proxies are not counted. */
  readonly connectionsPerIp: number;
  /** Rows that may wait for a slot, per worker; a call whose body still comes counts as one. */
  readonly queueRows: number;
  /** Body bytes that waiting calls may hold together, per worker. */
  readonly queueBytes: number;
  /** Calls in progress at once, per worker; auto = 64. */
  readonly concurrency: "auto" | number;
  /** Resident memory of one worker past which it is drained and replaced; null for no mark. */
  readonly workerMemoryBytes: number | null;
}

export interface ImageConfig {
  readonly base: string;
  readonly packages: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly scripts: readonly string[];
  readonly files: readonly string[];
}
