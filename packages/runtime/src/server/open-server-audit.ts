import { createHash } from "node:crypto";
import type { AuditSink } from "../audit/sink.ts";
import type { Config } from "../config/types.ts";
import type { Logger } from "../telemetry/logger.ts";
import { openAudit } from "./open-audit.ts";
import type { Audit } from "./recorder.ts";

/** Opens audit for the server as a whole and writes down its start; undefined where nothing is written down. Throws as `openAudit` does. */
export function openServerAudit(config: Config, workers: number, log: Logger): Audit | undefined {
  const audit = openAudit(config.security.audit, {
    log,
    now: () => performance.now(),
    onLost: (count) => log.error({ count }, "audit records of the server itself are lost"),
  });
  if (audit !== undefined) recordConfig(audit.sink, config, workers);
  return audit;
}

/** Writes down with which configuration a server starts: two starts with one digest had the same. Secrets that stand in the configuration itself are left out of it. */
function recordConfig(sink: AuditSink, config: Config, workers: number): void {
  const { security, server } = config;
  const text = JSON.stringify(config, (_key, value: unknown) => (isInlineSecret(value) ? { kind: "inline" } : value));
  sink.event("config_loaded", {
    configSha256: createHash("sha256").update(text).digest("hex"),
    host: server.host,
    workers,
    allowAnonymous: security.allowAnonymous,
    public: security.public,
    issuers: security.issuers.map(({ issuer }) => issuer),
    auditLevel: security.audit.level,
    auditMode: security.audit.mode,
  });
}

function isInlineSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "inline";
}
