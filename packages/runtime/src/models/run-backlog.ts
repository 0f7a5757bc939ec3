/** The runs that wait for one thread, or for one pool of them. */
export interface RunLine {
  /** Runs that have not begun. */
  readonly waitingRuns: number;
  /** How long a run takes of late, in milliseconds; undefined before the first. */
  readonly runMs: number | undefined;
}

/** A line as those know it who run what waits in it. */
export interface OpenLine extends RunLine {
  /** A run waits. */
  joined(): void;
  /** One waits no longer: it has begun, or was given up. */
  left(): void;
  /** A run has taken so long. */
  ran(ms: number): void;
}

/** What stands before the models of this process, and for whose calls. */
export interface RunBacklog {
  openLine(): OpenLine;
  /** Full batches of an API, which wait before the one that runs. */
  openBatches(api: string): Pick<OpenLine, "joined" | "left">;
  /** A run for calls of an API goes by that line; undefined for a run that says nothing of its call. */
  uses(api: string | undefined, line: RunLine): void;
  /** Calls come from now on: runs until now, such as those of `onInit`, were for none of them. */
  callsBegin(): void;
  /** What calls of an API have before them: of several lines the one with the longest runs. One that was never seen to run a model goes by the line of runs that say nothing. */
  lineOf(api: string): RunLine;
  /** Calls back, in a later turn, with the lines of which runs have waited and none does any more. */
  onIdle(callback: (lines: ReadonlySet<RunLine>) => void): void;
}

/** That of this process. */
export const runBacklog = createRunBacklog();

const NOTHING: RunLine = Object.freeze({ waitingRuns: 0, runMs: undefined });

/** Makes a backlog without lines. */
function createRunBacklog(): RunBacklog {
  // Names are those of definitions: few.
  const used = new Map<string | undefined, RunLine>();
  const batches = new Map<string, RunLine>();
  let idle = new Set<RunLine>();
  let announce = (_lines: ReadonlySet<RunLine>): void => undefined;
  const look = (): void => {
    const lines = idle;
    idle = new Set();
    for (const [api, line] of batches) if (lines.has(modelsOf(api))) lines.add(line);
    announce(lines);
  };
  const emptied = (line: RunLine): void => {
    // Who runs now tells its caller first: most often that brings the next one.
    if (idle.size === 0) setImmediate(look);
    idle.add(line);
  };
  const modelsOf = (api: string): RunLine => used.get(api) ?? used.get(undefined) ?? NOTHING;
  return {
    openLine() {
      const line: Line = new Line(() => emptied(line));
      return line;
    },
    openBatches(api) {
      const line = new Line(() => emptied(both));
      const both: RunLine = {
        get waitingRuns() {
          return line.waitingRuns + modelsOf(api).waitingRuns;
        },
        get runMs() {
          return modelsOf(api).runMs;
        },
      };
      batches.set(api, both);
      return line;
    },
    uses(api, line) {
      const known = used.get(api);
      if (known === line) return;
      if (known === undefined || (line.runMs ?? 0) > (known.runMs ?? 0)) used.set(api, line);
    },
    callsBegin: () => used.clear(),
    lineOf: (api) => batches.get(api) ?? modelsOf(api),
    onIdle(callback) {
      announce = callback;
    },
  };
}

class Line implements OpenLine {
  waitingRuns = 0;
  runMs: number | undefined = undefined;
  readonly #emptied: () => void;

  constructor(emptied: () => void) {
    this.#emptied = emptied;
  }

  joined(): void {
    this.waitingRuns += 1;
  }

  left(): void {
    this.waitingRuns -= 1;
    if (this.waitingRuns === 0) this.#emptied();
  }

  ran(ms: number): void {
    this.runMs = this.runMs === undefined ? ms : this.runMs * 0.9 + ms * 0.1;
  }
}
