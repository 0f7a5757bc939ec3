import { ServingError } from "@bento-ts/runtime/definition";
import type { ResolvedRegistryOptions } from "./registry-options.ts";

/** Tries without any progress between them. */
const MAX_TRIES = 6;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
/** A registry that asks for more is not waited for. */
const MAX_RETRY_AFTER_SECONDS = 120;

/**
 * Runs something until it doesn't fail with UNAVAILABLE, at most 6 times in a row without progress; waits longer each time, or as long as the registry asks.
 *
 * `progress` is asked after each failure for a number that grows as the work goes on.
 */
export async function withRetries<T>(
  run: () => Promise<T>,
  { wait, signal }: Pick<ResolvedRegistryOptions, "wait" | "signal">,
  progress: () => number = () => 0,
): Promise<T> {
  let before = progress();
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ServingError) || error.code !== "UNAVAILABLE") throw error;
      if (progress() > before) tries = 1;
      before = progress();
      const askedSeconds = error.retryAfterSeconds ?? 0;
      if (tries >= MAX_TRIES || askedSeconds > MAX_RETRY_AFTER_SECONDS) throw error;
      await wait(Math.max(askedSeconds * 1000, delayMs(tries)), signal);
    }
  }
}

/** Spread out: those who were refused at once must not come back at once. */
function delayMs(tries: number): number {
  const most = Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), MAX_DELAY_MS);
  return most / 2 + Math.random() * (most / 2);
}
