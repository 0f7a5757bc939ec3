import { ServingError } from "../../errors.ts";
import type { Sample, SampleShapes } from "../sample.ts";
import type { ManagedModel, ModelHost, OpenedModel, RunPlace } from "../types.ts";
import { findSample } from "../warm-up.ts";
import { takesBatches } from "./batch-feeds.ts";
import { choosePlace, chooseThreadsAndBatch } from "./choose.ts";
import { measureRounds, type RoundOptions } from "./measure-rounds.ts";
import { type Scouted, type ScoutedBatch, scoutBatches, type ScoutOptions } from "./scout.ts";
import type { TunedChoice, TunedModel, TuneMeasurement } from "./tune-file.ts";

export interface TuneOptions {
  /** Most items of a batch that is tried. */
  readonly maxBatch: number;
  /** Most threads that are tried: the CPUs of the server. */
  readonly cpus: number;
  /** Most threads that are chosen. */
  readonly cpusPerWorker: number;
  /** Shapes of inputs, above those that the author has given for warming up. */
  readonly shapes: SampleShapes;
  /** Time for all of it; what is measured at its end counts. */
  readonly budgetMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Told the names of the model's inputs before anything is measured; what it throws ends it. */
  readonly onInputs?: (names: readonly string[]) => void;
}

/** What measuring a model showed; the rest of a TunedModel is how it is called and when it was. */
export type TuneResult = Pick<TunedModel, "digest" | "engine" | "sample" | "choice" | "note" | "measurements">;

/** Shares of the budget: all is tried once in the first, batches and threads are measured until the second; what is left is for the place. */
const SCOUT_SHARE = 0.25;
const ROUNDS_SHARE = 0.8;
/** Enough that the medians hold; a visit outlasts the clock's own grain by far. */
const ROUNDS = { maxRounds: 25, visitMs: 20 } as const;

/**
 * Measures one model: batches against threads where runs have no way to go, then inline against a thread with the batch that was chosen.
 *
 * What its author has chosen is not looked at again. What is measured is opened beside the model's own session, and closed. Throws FAILED_PRECONDITION when no sample can be run.
 */
export async function tuneModel(model: ManagedModel, host: ModelHost, options: TuneOptions): Promise<TuneResult> {
  const opened: OpenedModel[] = [];
  try {
    return await measure(model, options, async (choice) => {
      const one = await model.open(host, choice);
      opened.push(one);
      return one;
    });
  } finally {
    for (const { executor } of opened) await executor.close();
  }
}

type Open = (choice: Pick<TunedChoice, "place" | "threads">) => Promise<OpenedModel>;

async function measure(model: ManagedModel, options: TuneOptions, open: Open): Promise<TuneResult> {
  const { now, signal, budgetMs, cpus, cpusPerWorker } = options;
  const startMs = now();
  const { threads: fixed, run: wanted } = model.options;
  const counts = fixed === undefined ? powersUpTo(cpus) : [fixed];
  const inline: Session[] = [];
  for (const threads of counts)
    inline.push({ place: "inline", threads, ...(await open({ place: "inline", threads })) });
  const [first] = inline;
  if (first === undefined) throw new RangeError("there is no number of threads to measure with");
  options.onInputs?.(first.executor.info.inputs.map(({ name }) => name));
  const sample = await sampleOf(model, first, options.shapes);
  const isOpen = takesBatches(first.executor.info.inputs);
  const batches = isOpen ? powersUpTo(options.maxBatch) : [1];
  const scouting = { ...options, sample: sample.feeds };
  const { ways, note, isOutOfTime } = await scoutAll(inline, {
    ...scouting,
    batches,
    untilMs: startMs + budgetMs * SCOUT_SHARE,
  });
  const byBatch = await measureWays(ways, { ...ROUNDS, now, signal, untilMs: startMs + budgetMs * ROUNDS_SHARE });
  const { threads, batch } = chooseThreadsAndBatch(byBatch, { cpusPerWorker });
  const sessions = inline.filter((session) => session.threads === threads && wanted !== "thread");
  if (wanted !== "inline") sessions.push({ place: "thread", threads, ...(await open({ place: "thread", threads })) });
  const last = await scoutAll(sessions, { ...scouting, batches: [...new Set([1, batch])], untilMs: Infinity });
  const byPlace = await measureWays(last.ways, { ...ROUNDS, now, signal, untilMs: startMs + budgetMs });
  const isCut = isOutOfTime && !byBatch.some((one) => one.threads === threads && one.batch > batch);
  const timeNote = `there was no time to measure batches of more than ${batch}: a larger --budget does`;
  return {
    digest: first.file.digest,
    engine: model.handle.engine,
    sample: sample.text,
    choice: {
      threads,
      place: wanted === "auto" ? choosePlace(byPlace, batch) : wanted,
      batch: isOpen && (note === undefined || batch > 1) ? batch : null,
    },
    note: isOpen ? (note ?? (isCut ? timeNote : null)) : "no input leaves its first axis open: items can't be batched",
    measurements: [...byBatch, ...byPlace.filter(({ place }) => place === "thread")],
  };
}

async function sampleOf(model: ManagedModel, { executor }: Session, shapes: SampleShapes): Promise<Sample> {
  const { warmup } = model.options;
  const given = { ...(warmup === false ? {} : warmup), ...shapes };
  const { sample, note } = await findSample({ info: executor.info, run: (feeds) => executor.run(feeds, {}) }, given);
  if (sample !== undefined) return sample;
  throw new ServingError("FAILED_PRECONDITION", `model "${model.handle.source}": ${note ?? "no sample can be run"}`);
}

interface Session extends OpenedModel {
  readonly place: RunPlace;
  readonly threads: number;
}

/** One way to run the model. */
interface Way extends ScoutedBatch {
  readonly place: RunPlace;
  readonly threads: number;
}

/** All that the sessions can run, each in its share of the time. */
async function scoutAll(
  sessions: readonly Session[],
  { untilMs, ...options }: ScoutOptions,
): Promise<{ readonly ways: readonly Way[] } & Pick<Scouted, "note" | "isOutOfTime">> {
  const ways: Way[] = [];
  const notes: string[] = [];
  let isOutOfTime = false;
  for (const [index, { place, threads, executor }] of sessions.entries()) {
    const shareMs = (untilMs - options.now()) / (sessions.length - index);
    const scouted = await scoutBatches(executor, { ...options, untilMs: options.now() + shareMs });
    const { found, note } = scouted;
    isOutOfTime ||= scouted.isOutOfTime;
    ways.push(...found.map((one) => ({ ...one, place, threads })));
    if (note !== undefined) notes.push(note);
  }
  return { ways, note: notes[0], isOutOfTime };
}

async function measureWays(ways: readonly Way[], options: RoundOptions): Promise<readonly TuneMeasurement[]> {
  const timings = await measureRounds(
    ways.map(({ run }) => run),
    options,
  );
  return ways.flatMap(({ place, threads, batch }, index) => {
    const timing = timings[index];
    if (timing === undefined) return [];
    const { runs, p50Ms, p95Ms } = timing;
    return [{ place, threads, batch, runs, p50Ms: rounded(p50Ms), p95Ms: rounded(p95Ms) }];
  });
}

/** To a tenth of a microsecond: more is noise, and makes the file hard to read. */
function rounded(ms: number): number {
  return Number(ms.toFixed(4));
}

/** 1, 2, 4, … and the most itself. */
function powersUpTo(most: number): readonly number[] {
  const powers: number[] = [];
  for (let power = 1; power < most; power *= 2) powers.push(power);
  return [...powers, most];
}
