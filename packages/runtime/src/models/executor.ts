import type { NamedTensors } from "../tensor/tensor.ts";
import { createRunQueue } from "./run-queue.ts";
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

// One queue for all inline models of this process: engines compute on its thread, and two runs in one turn of the loop would keep
// sockets and timers waiting for both.
const inlineRuns = createRunQueue();

/** Runs a model on this thread, one run of any inline model in each turn of the event loop. */
export function createInlineExecutor(model: LoadedModel): Executor {
  return {
    place: "inline",
    info: model.info,
    trouble: undefined,
    run: (feeds, options, onDone) => inlineRuns.run(() => timed(() => model.run(feeds), onDone), options),
    close: () => inlineRuns.run(() => model.dispose()),
  };
}

/** Passes the milliseconds of work that succeeded to `onDone`. */
export async function timed<T>(work: () => Promise<T>, onDone: ((ms: number) => void) | undefined): Promise<T> {
  const start = performance.now();
  const result = await work();
  onDone?.(performance.now() - start);
  return result;
}
