import type { KeyValue, ReadKey } from "../keys.ts";
import type {
  ApiKeysConfig,
  AuditConfig,
  BasicConfig,
  IpFilterConfig,
  IssuerConfig,
  RateLimitConfig,
  SecurityConfig,
} from "./types.ts";

/** The keys of `security` decided. */
export function resolveSecurity(key: ReadKey): SecurityConfig {
  const failed = key("security.failedAuthentications");
  return Object.freeze({
    allowAnonymous: key("security.allowAnonymous"),
    allowInsecureConnections: key("security.allowInsecureConnections"),
    public: key("security.public"),
    authorOverridable: key("security.authorOverridable"),
    defaultAuthorization: key("security.defaultAuthorization"),
    issuers: Object.freeze(key("security.oidc.issuers").map(toIssuer)),
    apiKeys: resolveApiKeys(key),
    basic: resolveBasic(key),
    authorization: Object.freeze({
      functions: key("security.authorization.functions"),
      rulesFile: key("security.authorization.rulesFile"),
    }),
    ipFilter: resolveIpFilter(key),
    edgeHeader: key("security.edgeHeader"),
    failedAuthentications:
      failed === null ? null : Object.freeze({ rate: failed.rate, windowMs: failed.per ?? 60_000 }),
    rateLimits: Object.freeze(key("security.rateLimits").map(toRateLimit)),
    audit: resolveAudit(key),
  });
}

/** Durations are milliseconds by now, and their names say so. */
function toIssuer({
  clockSkew,
  maxTokenAge,
  maxStale,
  ...rest
}: KeyValue<"security.oidc.issuers">[number]): IssuerConfig {
  return Object.freeze({
    ...rest,
    ...(clockSkew === undefined ? {} : { clockSkewMs: clockSkew }),
    ...(maxTokenAge === undefined ? {} : { maxTokenAgeMs: maxTokenAge }),
    ...(maxStale === undefined ? {} : { maxStaleMs: maxStale }),
  });
}

function resolveApiKeys(key: ReadKey): ApiKeysConfig | null {
  const file = key("security.apiKeys.file");
  if (file === null) return null;
  return Object.freeze({ file, header: key("security.apiKeys.header"), asBearer: key("security.apiKeys.asBearer") });
}

function resolveBasic(key: ReadKey): BasicConfig | null {
  const htpasswdFile = key("security.basic.htpasswdFile");
  const secretDir = key("security.basic.secretDir");
  if (htpasswdFile === null && secretDir === null) return null;
  return Object.freeze({ htpasswdFile, secretDir, allowWeakHashes: key("security.basic.allowWeakHashes") });
}

function resolveIpFilter(key: ReadKey): IpFilterConfig {
  const functions = Object.entries(key("security.ipFilter.functions")).map(([name, { allow = [], deny = [] }]) => [
    name,
    { allow, deny },
  ]);
  return Object.freeze({
    allow: key("security.ipFilter.allow"),
    deny: key("security.ipFilter.deny"),
    functions: Object.freeze(Object.fromEntries(functions)),
    exempt: key("security.ipFilter.exempt"),
  });
}

function toRateLimit(limit: KeyValue<"security.rateLimits">[number]): RateLimitConfig {
  const { rate, window, burst = rate, per = "principal", functions, cost = "calls" } = limit;
  return Object.freeze({ rate, windowMs: window, burst, per, functions: functions ?? null, cost });
}

function resolveAudit(key: ReadKey): AuditConfig {
  const webhook = key("security.audit.webhook");
  return Object.freeze({
    sink: key("security.audit.file"),
    webhook: webhook === null ? null : toWebhook(webhook),
    level: key("security.audit.level"),
    functions: key("security.audit.functions"),
    publicRoutes: key("security.audit.publicRoutes"),
    mode: key("security.audit.mode"),
  });
}

function toWebhook(webhook: NonNullable<KeyValue<"security.audit.webhook">>): AuditConfig["webhook"] {
  const { url, authorization, ca, batchSize = 100, batchDelay = 1_000, timeout = 5_000 } = webhook;
  return Object.freeze({
    url,
    authorization: authorization ?? null,
    ca: ca ?? null,
    batchSize,
    batchDelayMs: batchDelay,
    timeoutMs: timeout,
  });
}
