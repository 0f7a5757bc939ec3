import { ServingError } from "../errors.ts";
import type { NamedTensors } from "../tensor/tensor.ts";
import { percentile } from "./percentile.ts";
import { createSamples, type Sample, type SampleShapes } from "./sample.ts";
import type { ModelInfo } from "./types.ts";

/** What measuring a model showed; without `sample` nothing could be run, and `note` says why. */
export interface Measurement {
  readonly runs: number;
  /** 95th percentile of one run, by nearest rank. */
  readonly p95Ms: number | undefined;
  readonly sample: Sample | undefined;
  readonly note: string | undefined;
}

/** A run slower than this belongs on a thread: the event loop answers nobody else meanwhile, and the hop costs some 25 µs. */
export const SLOW_RUN_MS = 5;

const MAX_RUNS = 20;
const MIN_RUNS = 3;
const BUDGET_MS = 1000;

/**
 * Runs a model on a sample until 20 runs are measured, or three once a second is over; the first run, which allocates, does not count.
 *
 * Throws UNAVAILABLE when what runs the model fails; a model that refuses all samples is a note. `now` gives monotonic milliseconds.
 */
export async function measureRuns(
  target: { readonly info: ModelInfo; readonly run: (feeds: NamedTensors) => Promise<unknown> },
  { shapes, now }: { readonly shapes: SampleShapes; readonly now: () => number },
): Promise<Measurement> {
  const { sample, note } = await findSample(target, shapes);
  if (sample === undefined) return { runs: 0, p95Ms: undefined, sample, note };
  const times = await timeRuns(() => target.run(sample.feeds), now);
  return { runs: times.length, p95Ms: percentile(times, 0.95), sample, note };
}

/** The first made-up sample that a model takes, which is run once for that; without one `note` says why, else what the sample may not show. */
export async function findSample(
  target: { readonly info: ModelInfo; readonly run: (feeds: NamedTensors) => Promise<unknown> },
  shapes: SampleShapes,
): Promise<Pick<Measurement, "sample" | "note">> {
  const { inputs } = target.info;
  let tried = 0;
  for (const sample of createSamples(inputs, shapes)) {
    tried += 1;
    if (await runs(target.run, sample)) return { sample, note: scalarNote(target.info) };
  }
  const how = `pass shapes that it takes: warmup: { ${inputs.map(({ name }) => `${JSON.stringify(name)}: […]`).join(", ")} }`;
  const note =
    tried === 0
      ? `its inputs are too large to make up; ${how}`
      : `none of ${tried} made-up samples could be run; ${how}`;
  return { sample: undefined, note };
}

async function runs(run: (feeds: NamedTensors) => Promise<unknown>, sample: Sample): Promise<boolean> {
  try {
    await run(sample.feeds);
    return true;
  } catch (cause) {
    if (cause instanceof ServingError && cause.code === "UNAVAILABLE") throw cause;
    // The model refused this sample, which is made up: another may fit.
    return false;
  }
}

async function timeRuns(run: () => Promise<unknown>, now: () => number): Promise<readonly number[]> {
  const times: number[] = [];
  const begin = now();
  while (times.length < MAX_RUNS && (times.length < MIN_RUNS || now() - begin < BUDGET_MS)) {
    const start = now();
    await run();
    times.push(now() - start);
  }
  return times;
}

/** A single integer often steers a model (a sample rate, a number of steps), and the sample has 0 there. */
function scalarNote({ inputs }: ModelInfo): string | undefined {
  const steering = inputs.filter(
    ({ dtype, shape, anyRank }) => anyRank !== true && shape.length === 0 && /int/.test(dtype),
  );
  if (steering.length === 0) return undefined;
  const names = steering.map(({ name }) => `"${name}"`).join(", ");
  return `measured with ${names} = 0; if that value decides how long a run takes, choose run: "thread" or "inline"`;
}
