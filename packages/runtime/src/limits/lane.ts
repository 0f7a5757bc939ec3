import { createDrainRate, type DrainRate } from "./drain-rate.ts";
import { createFairQueue, type FairQueue } from "./fair-queue.ts";
import { grantsFor, type ModelLine } from "./grants.ts";

/** Where calls wait for a slot that have the same models before them: others, whose models have nothing to do, must not wait for those. */
export interface Lane<T> {
  readonly line: ModelLine | undefined;
  readonly queue: FairQueue<T>;
  readonly rate: DrainRate;
  /** How many of its calls have a slot. */
  running: number;
  /** How many of its calls may begin now, slots aside. */
  readonly grants: number;
}

/** Makes a lane without calls; without a line slots alone bound how many begin. */
export function createLane<T>(now: () => number, line: ModelLine | undefined): Lane<T> {
  return {
    line,
    queue: createFairQueue(),
    rate: createDrainRate(now),
    running: 0,
    get grants() {
      if (line === undefined) return Infinity;
      // Where nobody runs nobody will leave, with whom the next would begin.
      return Math.max(grantsFor(line), this.running === 0 ? 1 : 0);
    },
  };
}
