import type { NamedTensors } from "../tensor/tensor.ts";
import { createRunQueue } from "./run-queue.ts";
import { createTurnBudget } from "./turn-budget.ts";
import type { LoadedModel, ModelInfo, RunOptions, RunPlace } from "./types.ts";

/** A loaded model with its queue, wherever its runs happen. `feeds` were checked. */
export interface Executor {
  readonly place: RunPlace;
  readonly info: ModelInfo;
  /** `onDone` is told the milliseconds of the run itself. */
  run(feeds: NamedTensors, options: RunOptions, onDone?: (ms: number) => void): Promise<NamedTensors>;
  /** Why runs fail at the moment; undefined when they do not. */
  readonly trouble: string | undefined;
  /** Frees the model behind all runs taken so far. */
  close(): Promise<void>;
}

/** Compute in one turn of the event loop; sockets and timers wait for as long. A longer run has its turn alone. */
const TURN_MS = 1;

// One queue for all inline models of this process: engines compute on its thread.
const turns = createTurnBudget(TURN_MS);
const inlineRuns = createRunQueue(turns);

/** Runs a model on this thread; short runs share turns of the event loop, since a turn costs a system call whatever is done in it. */
export function createInlineExecutor(model: LoadedModel): Executor {
  return {
    place: "inline",
    info: model.info,
    trouble: undefined,
    run: (feeds, options, onDone) => inlineRuns.run(() => compute(model, feeds, onDone), options),
    close: () => inlineRuns.run(() => model.dispose()),
  };
}

async function compute(
  model: LoadedModel,
  feeds: NamedTensors,
  onDone: ((ms: number) => void) | undefined,
): Promise<NamedTensors> {
  const start = performance.now();
  try {
    const tensors = await model.run(feeds);
    onDone?.(performance.now() - start);
    return tensors;
  } finally {
    turns.spend(performance.now() - start);
  }
}
