import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { openFileTarget } from "../audit/file-target.ts";
import { createAuditLevels } from "../audit/levels.ts";
import type { LineTarget } from "../audit/line-target.ts";
import { type AuditSink, createAuditSink, type EventFacts } from "../audit/sink.ts";
import { openWebhookTarget } from "../audit/webhook-target.ts";
import type { SecretRef } from "../config/key-types-secret.ts";
import type { AuditConfig, AuditWebhookConfig } from "../config/security/types.ts";
import { ServingError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Audit } from "./recorder.ts";

export interface AuditParts {
  readonly log: Logger;
  /** Monotonic milliseconds. */
  now(): number;
  /** Told how many records were lost. */
  onLost(count: number): void;
  /** Facts of every event, such as the worker's number. */
  readonly facts?: EventFacts;
}

/**
 * Opens what the configuration says of audit; undefined where nothing is written down.
 *
 * Throws FAILED_PRECONDITION, naming the key, for a file that can't be opened, an authority that can't be read and a secret that is not there.
 */
export function openAudit(config: AuditConfig, parts: AuditParts): Audit | undefined {
  const { sink: file, webhook, mode, level, functions, publicRoutes } = config;
  const levels = createAuditLevels(level, functions);
  if (levels.highest === "none" || (file === null && webhook === null)) return undefined;
  // The webhook knows beforehand whether it can take a record: it stands behind the file, which is tried.
  const targets: LineTarget[] = [];
  if (file !== null)
    targets.push(openFileTarget({ sink: file, now: () => parts.now(), onTrouble: troubleLog(parts.log, "file") }));
  if (webhook !== null) targets.push(openWebhook(webhook, parts));
  const sink: AuditSink = createAuditSink({
    targets,
    mode,
    facts: parts.facts ?? {},
    onLost: (count) => parts.onLost(count),
  });
  return { sink, levels, publicRoutes };
}

function openWebhook(webhook: AuditWebhookConfig, { log, onLost }: AuditParts): LineTarget {
  const { url, authorization, ca, batchSize, batchDelayMs, timeoutMs } = webhook;
  if (authorization?.kind === "env" && (process.env[authorization.name] ?? "") === "")
    throw missing("authorization", `expected the variable ${authorization.name} to be set`);
  if (authorization?.kind === "file") readOrThrow("authorization", authorization.path);
  return openWebhookTarget({
    url,
    ca: ca === null ? undefined : readOrThrow("ca", ca),
    authorization: async () => (authorization === null ? undefined : readSecret(authorization)),
    batchSize,
    batchDelayMs,
    timeoutMs,
    onTrouble: troubleLog(log, "webhook"),
    onLost,
  });
}

function readOrThrow(key: "ca" | "authorization", path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw missing(key, `${JSON.stringify(path)} can't be read`, cause);
  }
}

function missing(key: string, text: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", `security.audit.webhook.${key}: ${text}`, { cause });
}

/** Files are read anew each time: whoever rotates the secret need not restart the server. */
async function readSecret(secret: SecretRef): Promise<string> {
  switch (secret.kind) {
    case "inline":
      return secret.text;
    case "env":
      return process.env[secret.name] ?? "";
    case "file":
      return (await readFile(secret.path, "utf8")).trim();
  }
}

/** Says once when records can't be written or delivered any more, and once when they can be again. */
function troubleLog(log: Logger, sink: "file" | "webhook"): (reason: unknown) => void {
  return (reason) => {
    if (reason === undefined) log.info({ sink }, "audit records are written again");
    else
      log.error({ sink, err: reason }, "audit records can't be written: bento_audit_dropped_total counts what is lost");
  };
}
