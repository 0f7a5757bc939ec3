import type { FailedAttempts } from "../../auth/authenticate.ts";
import type { SecurityConfig } from "../../config/security/types.ts";
import { createBucketStore } from "../../limits/bucket-store.ts";
import { type AskFailures, createFailedAttempts } from "../../limits/failed-attempts.ts";
import { type AskBuckets, createLoans, SWEEP_MS } from "../../limits/loans.ts";
import { createRateLimits, type RateLimits } from "../../limits/rate-limits.ts";

/** The counts of the whole server, as one of its processes asks them. */
export interface SharedCounts {
  readonly askBuckets: AskBuckets;
  readonly askFailures: AskFailures;
}

/** What one process lets in of what the whole server may. */
export interface OpenLimits {
  /** undefined where no limit is configured. */
  readonly rates: RateLimits | undefined;
  readonly failedAttempts: FailedAttempts | undefined;
  close(): void;
}

/** Callers that are remembered, by process and by limit. Source: security.md A9. */
const MAX_KEYS = 100_000;

/** Makes the counts of a server with so many workers; they live in one process. */
export function createSharedCounts(
  { rateLimits, failedAuthentications }: SecurityConfig,
  workers: number,
): SharedCounts {
  const nowMs = (): number => performance.now();
  const rates = createBucketStore({ policies: rateLimits, maxKeys: MAX_KEYS, takers: workers });
  const { rate, windowMs } = failedAuthentications ?? { rate: 1, windowMs: 1 };
  const failures = createBucketStore({
    policies: [{ rate, windowMs, burst: rate }],
    maxKeys: MAX_KEYS,
    takers: workers,
  });
  return {
    askBuckets: async (question) => rates.answer(question, nowMs()),
    askFailures: async ({ key, hasFailed }) => {
      if (hasFailed) failures.charge(0, key, nowMs());
      return failures.answer({ limit: 0, key, need: 0, wish: 0 }, nowMs()).waitMs;
    },
  };
}

/** Opens the limits of one process. */
export function openLimits(
  { rateLimits, failedAuthentications }: SecurityConfig,
  { askBuckets, askFailures }: SharedCounts,
  onLimited: (limit: string) => void,
): OpenLimits {
  const nowMs = (): number => performance.now();
  const loans = createLoans({ ask: askBuckets, nowMs, maxKeys: MAX_KEYS });
  const rates = createRateLimits({ limits: rateLimits, loans, onLimited });
  const timer = rates === undefined ? undefined : setInterval(() => loans.sweep(), SWEEP_MS).unref();
  return {
    rates,
    failedAttempts:
      failedAuthentications === null
        ? undefined
        : createFailedAttempts({
            ask: askFailures,
            nowMs,
            maxKeys: MAX_KEYS,
            onLimited: () => onLimited("failed-authentications"),
          }),
    close: () => clearInterval(timer),
  };
}
