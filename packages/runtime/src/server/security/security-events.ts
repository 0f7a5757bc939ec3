import type { AuditSink } from "../../audit/sink.ts";
import type { Problem } from "../../errors.ts";
import { reasonOf } from "../../reason-of.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/** What is watched and read again. */
export type Reloadable = "rules" | "api-keys" | "htpasswd" | "edge-header";

/** What happens to the server's security while it runs. */
export interface SecurityEvents {
  /** A file was read again; `fault` is why what was read before stays in force, undefined when the new is. */
  reloaded(what: Reloadable, fault: unknown): void;
  /** Lines of a file that do not count; the others do. */
  linesLeftOut(what: Reloadable, problems: readonly Problem[]): void;
  keysLoaded(issuer: string, facts: { readonly keys: number; readonly unusable: number; readonly gone: number }): void;
  keysFailed(issuer: string, cause: unknown, retryInMs: number): void;
}

/** Makes what writes these events to log, audit and metrics. No text begins with "api-keys:" and the like: the log takes what follows for a secret. */
export function createSecurityEvents(to: {
  readonly log: Logger;
  readonly audit: Pick<AuditSink, "event"> | undefined;
  readonly metrics: Pick<Metrics, "issuerKeys" | "securityReload">;
}): SecurityEvents {
  const { log, audit, metrics } = to;
  return {
    reloaded(what, fault) {
      const outcome = fault === undefined ? "ok" : "failed";
      metrics.securityReload(what, outcome);
      if (fault === undefined) log.info({ event: "reloaded", what }, `${what} was read again and is in force`);
      else
        log.error(
          { event: "reload_failed", what },
          `${what} as it stands now can't be taken, what was read before stays in force: ${reasonOf(fault)}`,
        );
      audit?.event(fault === undefined ? "reloaded" : "reload_failed", { what });
    },
    linesLeftOut(what, problems) {
      const lines = problems.map(({ path, message }) => `${path}: ${message}`);
      log.warn({ what, lines }, `${problems.length} lines of ${what} are left out`);
    },
    keysLoaded(issuer, facts) {
      metrics.issuerKeys.fetched(issuer, "ok");
      log.debug({ issuer, ...facts }, "keys of an issuer were loaded");
      if (facts.gone > 0) audit?.event("keys_gone", { issuer, ...facts });
    },
    keysFailed(issuer, cause, retryInMs) {
      metrics.issuerKeys.fetched(issuer, "failed");
      log.warn({ issuer, retryInMs }, `keys of an issuer can't be loaded: ${reasonOf(cause)}`);
    },
  };
}
