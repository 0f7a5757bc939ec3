/** How fast a queue drains, measured while it has something to drain. */
export interface DrainRate {
  /** Something waits from now on: what comes off the queue is measured from here. */
  began(): void;
  /** So many rows have left the queue to be served. */
  served(rows: number): void;
  /** Milliseconds until so many rows have left; undefined before anything is known. */
  msFor(rows: number): number | undefined;
  /** What is told to who comes to the queue: more while nothing leaves it, since one that stands still has no pace of before. */
  msToWait(rows: number): number;
  /** Whether the queue as it is now has been measured long enough to refuse somebody for it. */
  readonly isCertain: boolean;
}

/** How long what was seen counts: the time of some rows, so that slow models are known as well as fast ones, and a change is followed. */
const MEMORY_ROWS = 20;
/** At least: batches leave together, and pauses of the process fall between rows. */
const MIN_MEMORY_MS = 2_000;
/** Departures of one busy time after which its pace is known. */
const CERTAIN_AFTER = 8;

/**
 * Makes the measure: rows over busy milliseconds, both forgotten at the same pace, so that the quotient leans to neither side however unevenly rows leave.
 * Time without a queue says nothing about it and is not counted.
 */
export function createDrainRate(now: () => number): DrainRate {
  let rows = 0;
  let busyMs = 0;
  /** Since when nothing has left, or waited. */
  let sinceMs: number | undefined;
  let departures = 0;
  const msFor = (wanted: number): number | undefined => (rows === 0 ? undefined : (wanted * busyMs) / rows);
  return {
    began() {
      sinceMs = now();
      departures = 0;
    },
    served(count) {
      const atMs = now();
      // The first departure has waited for a part of its time only: it starts the clock.
      if (departures > 0 && sinceMs !== undefined) {
        const passedMs = atMs - sinceMs;
        const memoryMs = Math.max(MIN_MEMORY_MS, rows === 0 ? 0 : (MEMORY_ROWS * busyMs) / rows);
        const kept = Math.exp(-passedMs / memoryMs);
        rows = rows * kept + count;
        busyMs = busyMs * kept + passedMs;
      }
      departures += 1;
      sinceMs = atMs;
    },
    msFor,
    msToWait(wanted) {
      if (wanted === 0) return 0;
      const standsMs = sinceMs === undefined ? 0 : now() - sinceMs;
      if (rows === 0) return standsMs;
      // The pace if a row left now: slower than before only where one should have left already.
      return Math.max(msFor(wanted) ?? 0, (wanted * (busyMs + standsMs)) / (rows + 1));
    },
    get isCertain() {
      return departures >= CERTAIN_AFTER;
    },
  };
}

/** Part of a call's time that it may spend waiting: the rest is for its work, without which the waiting was for nothing. */
const MOST_WAITING = 0.75;

/** Whether a call that has to wait so long will hardly be answered within its time. */
export function isHopeless(waitMs: number, timeLeftMs: number): boolean {
  return waitMs > timeLeftMs * MOST_WAITING;
}
