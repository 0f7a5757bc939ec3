export { availableCpus, availableMemoryBytes, resolveWorkers } from "./cgroup.ts";
export { configJsonSchema } from "./config-json-schema.ts";
export type { Variables } from "./env-layer.ts";
export { CONFIG_FLAGS, type ConfigFlag, type ConfigFlags } from "./flags-layer.ts";
export type { LayerName } from "./layer.ts";
export { loadConfig, type ConfigInputs, type LoadedConfig } from "./load-config.ts";
export { assertParameters } from "./parameters.ts";
export { parseDuration, parseSize } from "./quantities.ts";
export { ORCHESTRATOR_FLAGS, type OrchestratorFlag, type OrchestratorFlags } from "./orchestrator-flags.ts";
export { assertMayBind, isLoopback } from "./start-rule.ts";
export type { AuditLevel } from "../call/audit-level.ts";
export type {
  ApiKeysConfig,
  AuditConfig,
  AuditWebhookConfig,
  BasicConfig,
  CorsConfig,
  IpFilterConfig,
  IssuerConfig,
  RateLimitConfig,
  SecurityConfig,
  TlsConfig,
} from "./security/types.ts";
export type { Config, ImageConfig, LimitsConfig, LogLevel, ServerConfig } from "./types.ts";
