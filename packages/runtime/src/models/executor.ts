import type { NamedTensors } from "../tensor/tensor.ts";
import type { RunLine } from "./run-backlog.ts";
import { createRunQueue } from "./run-queue.ts";
import { createTurnBudget } from "./turn-budget.ts";
import type { LoadedModel, ModelInfo, PoolState, RunOptions, RunPlace } from "./types.ts";

/** A loaded model with its queue, wherever its runs happen. `feeds` were checked. */
export interface Executor {
  readonly place: RunPlace;
  readonly info: ModelInfo;
  /** `onDone` is told the milliseconds of the run itself. */
  run(feeds: NamedTensors, options: RunOptions, onDone?: (ms: number) => void): Promise<NamedTensors>;
  /** Where its runs wait, maybe with those of other models. */
  readonly line: RunLine;
  /** Why runs fail at the moment; undefined when they do not. */
  readonly trouble: string | undefined;
  /** How it fares now. */
  readonly pool: PoolState;
  /** When the run that should have ended first should have, in milliseconds since the epoch; undefined while none is in progress on a thread. */
  readonly dueMs: number | undefined;
  /** Frees the model behind all runs taken so far. */
  close(): Promise<void>;
}

/** Compute in one turn of the event loop; sockets and timers wait for as long. A longer run has its turn alone. */
const TURN_MS = 1;

// One queue for all inline models of this process: engines compute on its thread.
const turns = createTurnBudget(TURN_MS);
const inlineRuns = createRunQueue({ gate: turns });

/** Runs a model on this thread; short runs share turns of the event loop, since a turn costs a system call whatever is done in it. */
export function createInlineExecutor(model: LoadedModel): Executor {
  return {
    place: "inline",
    info: model.info,
    line: inlineRuns.line,
    trouble: undefined,
    // While one is in progress nobody on this thread could ask.
    dueMs: undefined,
    get pool() {
      return { threads: 0, longestQueue: inlineRuns.longest };
    },
    run: (feeds, options, onDone) => inlineRuns.run(() => compute(model, feeds, onDone), options),
    close: () => inlineRuns.run(() => model.dispose()),
  };
}

/** An engine that has computed when its `run` returns costs no promise. */
function compute(
  model: LoadedModel,
  feeds: NamedTensors,
  onDone: ((ms: number) => void) | undefined,
): NamedTensors | Promise<NamedTensors> {
  const startMs = performance.now();
  const finish = (tensors: NamedTensors): NamedTensors => {
    const ms = performance.now() - startMs;
    turns.spend(ms);
    inlineRuns.ran(ms);
    onDone?.(ms);
    return tensors;
  };
  const fail = (cause: unknown): never => {
    turns.spend(performance.now() - startMs);
    throw cause;
  };
  try {
    const tensors = model.run(feeds);
    return tensors instanceof Promise ? tensors.then(finish, fail) : finish(tensors);
  } catch (cause) {
    return fail(cause);
  }
}
