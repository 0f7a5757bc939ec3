import type { Clock } from "./types.ts";

/** The machine's time. */
export const SYSTEM_CLOCK: Clock = Object.freeze({
  now: () => Date.now(),
  schedule: (run: () => void, delayMs: number) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
});
