/** The server's configuration with every key decided; sizes in bytes, durations in milliseconds. Meaning of each key: docs/configuration.md. */
export interface Config {
  /** Entry file of the service, relative to the project folder. */
  readonly service: string | null;
  /** Model sources by name that replace the ones in the code: store tags or folders. */
  readonly models: Readonly<Record<string, string>>;
  readonly server: ServerConfig;
  readonly security: SecurityConfig;
  readonly telemetry: { readonly logLevel: LogLevel; readonly logFormat: "auto" | "json" | "pretty" };
  readonly image: ImageConfig;
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Path under which every route stands, "/" or "/prefix". */
  readonly basePath: string;
  readonly workers: "auto" | number;
  readonly requestTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  /** CIDRs whose X-Forwarded-* counts. */
  readonly trustedProxies: readonly string[];
  readonly limits: LimitsConfig;
  readonly admin: { readonly host: string; readonly port: number };
}

export interface LimitsConfig {
  readonly jsonBytes: number;
  readonly binaryBytes: number;
  readonly headersBytes: number;
  /** Connections of the whole server. */
  readonly connections: number;
  /** Connections of one address; those of trusted proxies are not counted. */
  readonly connectionsPerIp: number;
  /** Rows that may wait for a slot, per worker; a call counts as one row. */
  readonly queueRows: number;
  /** Body bytes that waiting calls may hold together, per worker. */
  readonly queueBytes: number;
  /** Calls in progress at once, per worker; auto = 64. */
  readonly concurrency: "auto" | number;
  /** Resident memory of one worker past which it is drained and replaced; null for no mark. */
  readonly workerMemoryBytes: number | null;
}

export interface SecurityConfig {
  readonly allowAnonymous: boolean;
  readonly allowInsecureConnections: boolean;
  readonly audit: AuditConfig;
}

export interface AuditConfig {
  /** "stdout", a file path, or null for no audit records. */
  readonly sink: string | null;
  readonly level: "none" | "metadata";
  /** What happens when a record can't be written: count it, or refuse the call. */
  readonly mode: "drop" | "strict";
}

export interface ImageConfig {
  readonly base: string | null;
  readonly packages: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}
