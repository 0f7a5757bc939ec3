/** Runs of models that stand before calls that begin. */
export interface ModelLine {
  /** Runs that have not begun. */
  readonly waitingRuns: number;
  /** How long a run takes of late, in milliseconds; undefined before the first. */
  readonly runMs: number | undefined;
}

/** How busy the models of this process are. */
export interface Workload {
  /** What calls of an API have before them; the same object for APIs whose runs wait together. */
  lineOf(api: string): ModelLine;
  /** Calls back with the lines of which runs have waited and none does any more. */
  onIdle(callback: (lines: ReadonlySet<ModelLine>) => void): void;
}

/** Work that may lie before models: some turns of the event loop, for which a model would else have nothing to do. */
const ENOUGH_MS = 20;

/**
 * How many calls may begin as one of theirs ends, or comes: none while the models have enough to do, one for one while they have some, two when they have none, so that
 * those inside double until models or slots are used up.
 *
 * A call that has begun waits in its model's line, where all are alike. Those lines are kept short so that who waits is chosen here, where callers are told apart.
 */
export function grantsFor({ waitingRuns, runMs }: ModelLine): 0 | 1 | 2 {
  if (waitingRuns === 0) return 2;
  return waitingRuns * (runMs ?? Infinity) >= ENOUGH_MS ? 0 : 1;
}
