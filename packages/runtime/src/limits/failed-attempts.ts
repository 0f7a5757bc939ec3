import { addressKey } from "../call/address-key.ts";
import { ServingError } from "../errors.ts";

/** Asks how long an address has to wait, after one more refused credential where `hasFailed`; milliseconds, 0 for not at all. */
export type AskFailures = (question: { readonly key: string; readonly hasFailed: boolean }) => Promise<number>;

/** Counts refused credentials by address (IPv6 by its /64), on the whole server. */
export interface FailedAttempts {
  /**
   * To be asked before a credential costs work, never for one that was verified before. Throws RESOURCE_EXHAUSTED with the time to wait, UNAVAILABLE when the count can't be asked.
   */
  assertMayTry(clientIp: string): void | Promise<void>;
  failed(clientIp: string): void;
}

export interface FailedAttemptsOptions {
  readonly ask: AskFailures;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Addresses that are remembered as waiting; the longest known is forgotten first, and asked for again. */
  readonly maxKeys: number;
  readonly onLimited: () => void;
}

/**
 * Makes one worker's side. Who has to wait is known without asking, so that a flood of tries costs no question each. Tries that run at the same time may each fail before
 * the first is counted; they are all charged, so the address waits the longer for it. Source: security.md A9, note 4.
 */
export function createFailedAttempts({ ask, nowMs, maxKeys, onLimited }: FailedAttemptsOptions): FailedAttempts {
  const waitingUntilMs = new Map<string, number>();
  const learn = (key: string, waitMs: number): void => {
    waitingUntilMs.delete(key);
    if (waitMs > 0) waitingUntilMs.set(key, nowMs() + waitMs);
    for (const oldest of waitingUntilMs.keys()) {
      if (waitingUntilMs.size <= maxKeys) break;
      waitingUntilMs.delete(oldest);
    }
  };
  const refuse = (waitMs: number): void => {
    if (waitMs <= 0) return;
    onLimited();
    throw tooManyTries(waitMs);
  };
  return {
    assertMayTry(clientIp) {
      const key = addressKey(clientIp);
      const untilMs = waitingUntilMs.get(key);
      if (untilMs !== undefined) refuse(untilMs - nowMs());
      return ask({ key, hasFailed: false }).then((waitMs) => {
        learn(key, waitMs);
        refuse(waitMs);
      });
    },
    failed(clientIp) {
      const key = addressKey(clientIp);
      // The refusal is on its way already; a count that can't be kept refuses the next try by itself.
      void ask({ key, hasFailed: true }).then(
        (waitMs) => learn(key, waitMs),
        () => undefined,
      );
    },
  };
}

function tooManyTries(waitMs: number): ServingError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ServingError("RESOURCE_EXHAUSTED", `too many refused credentials: try again in ${seconds} s`, {
    reason: "rate_limited",
    retryAfterSeconds: seconds,
  });
}
