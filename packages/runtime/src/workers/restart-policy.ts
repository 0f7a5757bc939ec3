/** How fast a worker that dies is replaced. */
export interface RestartPolicy {
  readonly firstDelayMs: number;
  /** Each failure in a row multiplies the delay by this. */
  readonly factor: number;
  readonly maxDelayMs: number;
  /** A worker that was ready this long starts the count anew. */
  readonly healthyMs: number;
}

/** The next replacement in one place: failures in a row, and how long to wait. */
export interface Restart {
  readonly failures: number;
  readonly delayMs: number;
}

/** Decides on the replacement of a worker that died after `failures` earlier ones; `readyForMs` is undefined when it never got ready. */
export function planRestart(
  policy: RestartPolicy,
  death: { readonly failures: number; readonly readyForMs: number | undefined },
): Restart {
  const wasHealthy = death.readyForMs !== undefined && death.readyForMs >= policy.healthyMs;
  const failures = wasHealthy ? 1 : death.failures + 1;
  const delayMs = policy.firstDelayMs * policy.factor ** (failures - 1);
  return { failures, delayMs: Math.min(policy.maxDelayMs, delayMs) };
}
