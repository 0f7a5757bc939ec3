import type { Counter } from "./cells.ts";
import type { Instruments } from "./instruments.ts";

/** Who was asked how, and what was decided; each a name of a closed list. */
export interface AuthDecision {
  /** How the caller has shown who it is; "none" for one that did not, or was refused before. */
  readonly method: string;
  readonly decision: string;
  /** "none" for calls that were answered. */
  readonly reason: string;
}

/** Makes what counts decisions about calls. Source: security.md A12. */
export function createAuthDecisions(instruments: Instruments): (labels: AuthDecision) => void {
  const decisions = instruments.counter(
    "bento_auth_decisions_total",
    "Calls by how the caller was known and what was decided",
  );
  const bound = new Map<string, Counter | undefined>();
  return ({ method, decision, reason }) => {
    const key = `${method} ${decision} ${reason}`;
    if (!bound.has(key)) bound.set(key, decisions.series({ method, decision, reason }));
    bound.get(key)?.add(1);
  };
}

/** Makes what counts files of security that were read again; `what` is of a closed list. */
export function createSecurityReloads(instruments: Instruments): (what: string, outcome: "ok" | "failed") => void {
  const reloads = instruments.counter(
    "bento_security_reloads_total",
    "Rules, keys and passwords that were read again by outcome",
  );
  return (what, outcome) => reloads.series({ what, outcome })?.add(1);
}

/** Makes what counts refusals by rate limits. Source: security.md A12. */
export function createRateLimited(instruments: Instruments): (limit: string) => void {
  const refused = instruments.counter("bento_rate_limited_total", "Calls and tries that a limit refused, by its name");
  return (limit) => refused.series({ limit })?.add(1);
}

/** What becomes of the looks for keys of token issuers; issuers are those of the configuration. */
export interface IssuerKeyMetrics {
  /** A look for an issuer's keys has ended; with "ok" its keys are new from now on. */
  fetched(issuer: string, outcome: "ok" | "failed"): void;
}

/** Makes what counts looks for keys and tells their age; `refresh` brings the ages up to now. Source: security.md A12. */
export function createIssuerKeyMetrics(
  instruments: Instruments,
  nowMs: () => number,
): IssuerKeyMetrics & { refresh(): void } {
  const fetches = instruments.counter("bento_jwks_fetch_total", "Looks for the keys of token issuers by outcome");
  const ages = instruments.gauge("bento_jwks_age_seconds", "Time since the keys of an issuer were last had", "max");
  const loadedMs = new Map<string, number>();
  return {
    fetched(issuer, outcome) {
      fetches.series({ issuer, outcome })?.add(1);
      if (outcome === "ok") loadedMs.set(issuer, nowMs());
    },
    refresh() {
      for (const [issuer, sinceMs] of loadedMs) ages.series({ issuer })?.set((nowMs() - sinceMs) / 1000);
    },
  };
}
