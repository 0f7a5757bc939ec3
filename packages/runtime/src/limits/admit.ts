import { ServingError } from "../errors.ts";

/** Bounds of one worker. */
export interface AdmissionLimits {
  /** Calls whose method runs at once. */
  readonly concurrency: number;
  /** Calls that may be in the house without running: reading their body or waiting for a slot. */
  readonly queueRows: number;
  /** Body bytes that those calls may hold together. */
  readonly queueBytes: number;
}

/**
 * One admitted call: enter → hold (its body's bytes) → takeSlot → work → leave.
 *
 * A caller that sends its body slowly holds a place in the queue, never a slot.
 */
export interface Visit {
  /** Counts the bytes that the call really holds. Throws UNAVAILABLE when the queue's bytes are used up. */
  hold(bytes: number): void;
  /** Waits for a slot, first come first served. Throws the signal's reason when it aborts first. */
  takeSlot(signal: AbortSignal): void | Promise<void>;
  /** Gives back slot and bytes; the second time does nothing. */
  leave(): void;
}

/** Admits calls to bounded slots and a bounded queue. */
export interface Admission {
  /** Lets a call in. Throws UNAVAILABLE with a Retry-After when the queue is full or the worker drains. */
  enter(announcedBytes: number): Visit;
  /** Refuses every new call from now on; those inside are served. */
  close(): void;
  readonly running: number;
  readonly waiting: number;
  /** Resolves when nobody is inside. */
  idle(): Promise<void>;
}

/**
 * Makes the admission of one worker.
 *
 * State: who runs, who waits for a slot in order of arrival, bytes held by those who do not run, open or closed.
 */
export function createAdmission(limits: AdmissionLimits, now: () => number): Admission {
  const slotQueue = new Set<() => void>();
  const idlers: (() => void)[] = [];
  const pace = createPace(now);
  let inside = 0;
  let running = 0;
  let heldBytes = 0;
  let closed = false;

  const refuse = (message: string): ServingError =>
    new ServingError("UNAVAILABLE", message, { retryAfterSeconds: pace.secondsFor(inside - running) });
  const queueFull = (): ServingError => refuse(`${running} calls run and ${inside - running} wait: the queue is full`);
  const startNext = (): void => {
    for (const start of slotQueue) {
      if (running >= limits.concurrency) return;
      slotQueue.delete(start);
      start();
    }
  };

  const createVisit = (announcedBytes: number): Visit => {
    let state: "queued" | "running" | "gone" = "queued";
    let bytes = announcedBytes;
    const run = (): void => {
      state = "running";
      running += 1;
      heldBytes -= bytes;
    };
    return {
      hold: (actualBytes) => {
        if (state !== "queued" || actualBytes <= bytes) return;
        if (heldBytes + actualBytes - bytes > limits.queueBytes) throw queueFull();
        heldBytes += actualBytes - bytes;
        bytes = actualBytes;
      },
      takeSlot: (signal) => {
        if (signal.aborted) throw signal.reason;
        if (running < limits.concurrency) return run();
        return new Promise<void>((resolve, reject) => {
          const start = (): void => {
            signal.removeEventListener("abort", abort);
            run();
            resolve();
          };
          const abort = (): void => {
            slotQueue.delete(start);
            reject(signal.reason);
          };
          signal.addEventListener("abort", abort, { once: true });
          slotQueue.add(start);
        });
      },
      leave: () => {
        if (state === "gone") return;
        if (state === "running") {
          running -= 1;
          pace.released();
        } else {
          heldBytes -= bytes;
        }
        state = "gone";
        inside -= 1;
        startNext();
        if (inside === 0) for (const idler of idlers.splice(0)) idler();
      },
    };
  };

  return {
    enter: (announcedBytes) => {
      if (closed) throw refuse("the server is shutting down");
      const mustWait = running >= limits.concurrency;
      if (mustWait && inside - running >= limits.queueRows) throw queueFull();
      if (heldBytes + announcedBytes > limits.queueBytes) throw queueFull();
      inside += 1;
      heldBytes += announcedBytes;
      return createVisit(announcedBytes);
    },
    close: () => {
      closed = true;
    },
    get running() {
      return running;
    },
    get waiting() {
      return inside - running;
    },
    idle: () => (inside === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}

/** How fast slots come free: an exponential mean over the last dozen releases, for an honest Retry-After of 1 to 60 seconds. */
function createPace(now: () => number): { released(): void; secondsFor(waiting: number): number } {
  let lastAt = now();
  let everyMs = 0;
  return {
    released: () => {
      const at = now();
      everyMs = everyMs * 0.92 + (at - lastAt) * 0.08;
      lastAt = at;
    },
    secondsFor: (waiting) => Math.min(60, Math.max(1, Math.ceil((waiting * everyMs) / 1000))),
  };
}
