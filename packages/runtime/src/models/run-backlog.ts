/** The runs of all models of this process that have not begun. */
export interface RunBacklog {
  readonly waitingRuns: number;
  readonly runMs: number | undefined;
  /** A run waits. */
  joined(): void;
  /** One waits no longer: it has begun, or was given up. */
  left(): void;
  /** A run has taken so long. */
  ran(ms: number): void;
  /** Calls back, in a later turn, when runs have waited and none does any more. */
  onIdle(callback: () => void): void;
}

/** That of this process: its models share its CPUs. */
export const runBacklog = createRunBacklog();

/** Makes an empty count. */
function createRunBacklog(): RunBacklog {
  let waitingRuns = 0;
  let runMs: number | undefined;
  let isAnnounced = false;
  let announce = (): void => undefined;
  const look = (): void => {
    isAnnounced = false;
    if (waitingRuns === 0) announce();
  };
  return {
    get waitingRuns() {
      return waitingRuns;
    },
    get runMs() {
      return runMs;
    },
    joined() {
      waitingRuns += 1;
    },
    left() {
      waitingRuns -= 1;
      if (waitingRuns > 0 || isAnnounced) return;
      isAnnounced = true;
      // Who runs now tells its caller first: most often that brings the next one.
      setImmediate(look);
    },
    ran(ms) {
      runMs = runMs === undefined ? ms : runMs * 0.9 + ms * 0.1;
    },
    onIdle(callback) {
      announce = callback;
    },
  };
}
