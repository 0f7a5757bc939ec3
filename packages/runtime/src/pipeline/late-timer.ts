/** A timer that may be cancelled before it was set. */
export interface LateTimer {
  cancel(): void;
}

/**
 * Calls back after `delayMs`, unless it is cancelled; the timer is set at the end of this turn of the event loop.
 *
 * Most calls end in the turn in which they began: a timer set and cleared for each would cost 4 µs, a tenth of what the server spends on a small call.
 */
export function setTimerLater(delayMs: number, callback: () => void): LateTimer {
  const timer = new TurnTimer(delayMs, callback);
  if (unset.length === 0) setImmediate(setAll);
  unset.push(timer);
  return timer;
}

// State: timers of this turn that were not set yet.
let unset: TurnTimer[] = [];

function setAll(): void {
  const timers = unset;
  unset = [];
  for (const timer of timers) timer.set();
}

/** Legal moves: unset → set → over, and from both to cancelled. */
class TurnTimer implements LateTimer {
  readonly #delayMs: number;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout | undefined;
  #isCancelled = false;

  constructor(delayMs: number, callback: () => void) {
    this.#delayMs = delayMs;
    this.#callback = callback;
  }

  set(): void {
    if (!this.#isCancelled) this.#timeout = setTimeout(this.#callback, this.#delayMs);
  }

  cancel(): void {
    this.#isCancelled = true;
    clearTimeout(this.#timeout);
  }
}
