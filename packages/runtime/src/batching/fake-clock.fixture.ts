import { setImmediate as settled } from "node:timers/promises";
import type { BatchClock } from "./types.ts";

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends BatchClock {
  /** Resolves after so many milliseconds of its own. */
  sleep(ms: number): Promise<void>;
  /** Goes on, calling back in order; promises settle before each step. */
  advance(ms: number): Promise<void>;
  /** Goes on until nobody waits. */
  runOut(): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  callback(): void;
}

export function createFakeClock(): FakeClock {
  const timers = new Set<Timer>();
  let nowMs = 0;
  let order = 0;
  const after = (ms: number, callback: () => void): (() => void) => {
    const timer = { atMs: nowMs + ms, order: (order += 1), callback };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const stepUntil = async (endMs: number): Promise<boolean> => {
    await settled();
    const [next] = [...timers].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    if (next === undefined || next.atMs > endMs) return false;
    timers.delete(next);
    nowMs = next.atMs;
    next.callback();
    return true;
  };
  return {
    now: () => nowMs,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    async advance(ms) {
      const endMs = nowMs + ms;
      while (await stepUntil(endMs));
      nowMs = endMs;
    },
    async runOut() {
      while (await stepUntil(Infinity));
    },
  };
}
