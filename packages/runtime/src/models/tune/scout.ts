import type { NamedTensors } from "../../tensor/tensor.ts";
import type { Executor } from "../executor.ts";
import { feedsOfBatch } from "./batch-feeds.ts";
import { areItemsApart, feedsOfItems } from "./items-apart.ts";

/** A batch that a session can run. */
export interface ScoutedBatch {
  readonly batch: number;
  run(): Promise<NamedTensors>;
}

export interface ScoutOptions {
  /** In ascending order, 1 first. */
  readonly batches: readonly number[];
  /** Of one item. */
  readonly sample: NamedTensors;
  readonly untilMs: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** A batch whose items cost so many times the cheapest lies so far past the knee that larger ones need no look. */
const HOPELESS = 1.5;

/** Runs of one batch go on for so long: what else the machine does makes single ones slower, none faster. */
const LOOK_MS = 5;

/** What a first look at the batches of a session showed. */
export interface Scouted {
  readonly found: readonly ScoutedBatch[];
  /** Why items can't be batched, or not so many; undefined where the model is no reason. */
  readonly note: string | undefined;
  readonly isOutOfTime: boolean;
}

/**
 * Runs each batch a few times and gives those worth a closer look: until the time is up, a batch is refused, or two lie far past the knee.
 *
 * Throws what a run of one item throws, and the signal's reason.
 */
export async function scoutBatches(
  executor: Pick<Executor, "info" | "run">,
  { batches, sample, untilMs, now, signal }: ScoutOptions,
): Promise<Scouted> {
  const found: ScoutedBatch[] = [];
  const done = (note?: string, isOutOfTime = false): Scouted => ({ found, note, isOutOfTime });
  let cheapestMs = Infinity;
  let lastMs = 0;
  let hopeless = 0;
  for (const batch of batches) {
    signal.throwIfAborted();
    // Twice as many items take about twice as long, and each batch is run twice at least.
    if (batch > 1 && now() + 4 * lastMs > untilMs) return done(undefined, true);
    const feeds = feedsOfBatch(executor.info.inputs, sample, batch);
    if (feeds === undefined) return done();
    const outcome = await lookAt(() => executor.run(feeds, {}), now).catch((cause: unknown) => {
      if (batch === 1) throw cause;
      return undefined;
    });
    if (outcome === undefined) return done(`it can't run ${batch} items at once`);
    if (batch > 1 && !hasRows(outcome.outputs, batch))
      return done("its outputs don't have one row for each item: items can't be batched");
    if (found.length === 1 && !(await isIndifferent(executor, { batch, feeds, outputs: outcome.outputs })))
      return done("what it makes of an item depends on those beside it: items can't be batched");
    found.push({ batch, run: () => executor.run(feeds, {}) });
    lastMs = outcome.ms;
    cheapestMs = Math.min(cheapestMs, lastMs / batch);
    hopeless = lastMs / batch > cheapestMs * HOPELESS ? hopeless + 1 : 0;
    if (hopeless > 1) return done();
  }
  return done();
}

async function lookAt(
  run: () => Promise<NamedTensors>,
  now: () => number,
): Promise<{ readonly outputs: NamedTensors; readonly ms: number }> {
  // The first run of a new shape allocates.
  await run();
  const beginMs = now();
  let fastestMs = Infinity;
  for (;;) {
    const startMs = now();
    const outputs = await run();
    fastestMs = Math.min(fastestMs, now() - startMs);
    if (now() - beginMs >= LOOK_MS) return { outputs, ms: fastestMs };
  }
}

/** Whether it makes the same of each item of a batch as of that item alone. */
async function isIndifferent(
  executor: Pick<Executor, "info" | "run">,
  { batch, feeds, outputs }: { readonly batch: number; readonly feeds: NamedTensors; readonly outputs: NamedTensors },
): Promise<boolean> {
  const alone: NamedTensors[] = [];
  try {
    for (const item of feedsOfItems(executor.info.inputs, feeds, batch)) alone.push(await executor.run(item, {}));
  } catch {
    return false;
  }
  return areItemsApart(outputs, alone);
}

function hasRows(outputs: NamedTensors, batch: number): boolean {
  return Object.values(outputs).every(({ shape }) => shape[0] === batch);
}
