import type { Cancellation } from "../call/cancellation.ts";
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
  /** Counts the bytes that the call really holds, as they come. Throws UNAVAILABLE when the queue's bytes are used up, PAYLOAD_TOO_LARGE when the call alone passes them. */
  hold(bytes: number): void;
  /** Waits for a slot, first come first served. Throws the signal's reason when it aborts first. */
  takeSlot(signal: Cancellation): void | Promise<void>;
  /** Gives back slot and bytes; the second time does nothing. */
  leave(): void;
}

/** Admits calls to bounded slots and a bounded queue. */
export interface Admission {
  /** Lets a call in. Throws UNAVAILABLE with a Retry-After when the queue is full or the worker drains, PAYLOAD_TOO_LARGE for a body that would never fit. */
  enter(announcedBytes: number): Visit;
  /** Refuses every new call from now on; those inside are served. */
  close(): void;
  readonly running: number;
  readonly waiting: number;
  /** Resolves when nobody is inside. */
  idle(): Promise<void>;
}

/** Told how the queue fares, for metrics. */
export interface QueueObserver {
  setRows(rows: number): void;
  observeWait(seconds: number): void;
}

const NOBODY: QueueObserver = { setRows: () => undefined, observeWait: () => undefined };

/** Makes the admission of one worker. */
export function createAdmission(limits: AdmissionLimits, now: () => number, observer = NOBODY): Admission {
  return new House(limits, now, observer);
}

/** State: who runs, who waits for a slot in order of arrival, bytes held by those who do not run, open or closed. */
class House implements Admission {
  readonly limits: AdmissionLimits;
  readonly now: () => number;
  readonly observer: QueueObserver;
  readonly slotQueue = new Set<() => void>();
  readonly pace: Pace;
  readonly #idlers: (() => void)[] = [];
  #closed = false;
  inside = 0;
  running = 0;
  heldBytes = 0;

  constructor(limits: AdmissionLimits, now: () => number, observer: QueueObserver) {
    this.limits = limits;
    this.now = now;
    this.observer = observer;
    this.pace = createPace(now);
  }

  get waiting(): number {
    return this.inside - this.running;
  }

  get hasFreeSlot(): boolean {
    return this.running < this.limits.concurrency;
  }

  enter(announcedBytes: number): Visit {
    if (this.#closed) throw this.#refuse("the server is shutting down");
    if (!this.hasFreeSlot && this.waiting >= this.limits.queueRows) throw this.queueFull();
    this.assertRoom(announcedBytes, announcedBytes);
    this.inside += 1;
    this.heldBytes += announcedBytes;
    return new Guest(this, announcedBytes);
  }

  left(): void {
    this.inside -= 1;
    for (const start of this.slotQueue) {
      if (!this.hasFreeSlot) break;
      this.slotQueue.delete(start);
      start();
    }
    if (this.inside === 0) for (const idler of this.#idlers.splice(0)) idler();
  }

  close(): void {
    this.#closed = true;
  }

  idle(): Promise<void> {
    return this.inside === 0 ? Promise.resolve() : new Promise((resolve) => this.#idlers.push(resolve));
  }

  /** Throws when a body of `bytes`, of which `more` are not counted yet, has no room. */
  assertRoom(bytes: number, more: number): void {
    const { queueBytes } = this.limits;
    if (bytes > queueBytes) {
      throw new ServingError(
        "PAYLOAD_TOO_LARGE",
        `the body has more than ${queueBytes} bytes, the limit of all waiting calls together set by server.limits.queueBytes`,
      );
    }
    if (this.heldBytes + more > queueBytes) throw this.queueFull();
  }

  queueFull(): ServingError {
    return this.#refuse(`${this.running} calls run and ${this.waiting} wait: the queue is full`);
  }

  #refuse(message: string): ServingError {
    return new ServingError("UNAVAILABLE", message, { retryAfterSeconds: this.pace.secondsFor(this.waiting) });
  }
}

/** One call in the house. Moves: queued → running → gone, queued → gone. */
class Guest implements Visit {
  readonly #house: House;
  #state: "queued" | "running" | "gone" = "queued";
  #bytes: number;
  #waiting: (() => void) | undefined;

  constructor(house: House, announcedBytes: number) {
    this.#house = house;
    this.#bytes = announcedBytes;
  }

  hold(bytes: number): void {
    const more = bytes - this.#bytes;
    if (this.#state !== "queued" || more <= 0) return;
    this.#house.assertRoom(bytes, more);
    this.#house.heldBytes += more;
    this.#bytes = bytes;
  }

  takeSlot(signal: Cancellation): void | Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.#state !== "queued" || this.#waiting !== undefined)
      throw new ServingError("INTERNAL", "a call takes its slot once");
    if (this.#house.hasFreeSlot) return this.#run();
    const { slotQueue } = this.#house;
    const { now, observer } = this.#house;
    const sinceMs = now();
    return new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener("abort", abort);
        observer.setRows(slotQueue.size);
        observer.observeWait((now() - sinceMs) / 1000);
        this.#run();
        resolve();
      };
      const abort = (): void => {
        slotQueue.delete(start);
        observer.setRows(slotQueue.size);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      slotQueue.add(start);
      observer.setRows(slotQueue.size);
      this.#waiting = start;
    });
  }

  leave(): void {
    if (this.#state === "gone") return;
    if (this.#waiting !== undefined) this.#house.slotQueue.delete(this.#waiting);
    if (this.#state === "running") {
      this.#house.running -= 1;
      this.#house.pace.released();
    } else {
      this.#house.heldBytes -= this.#bytes;
    }
    this.#state = "gone";
    this.#house.left();
  }

  #run(): void {
    this.#state = "running";
    this.#house.running += 1;
    this.#house.heldBytes -= this.#bytes;
  }
}

interface Pace {
  released(): void;
  secondsFor(waiting: number): number;
}

/** How fast slots come free: an exponential mean over the last dozen releases, for an honest Retry-After of 1 to 60 seconds. */
function createPace(now: () => number): Pace {
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
