import type { Config } from "../config/types.ts";
import { readTuneFile, TUNE_FILE, type TunedChoice, type TunedModel } from "../models/tune/tune-file.ts";
import { reasonOf } from "../reason-of.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ServerState } from "../telemetry/readiness.ts";

/** What of `bento.tune.json` holds on this machine. */
export interface Tuning {
  /** By a model's digest. */
  readonly choices: Readonly<Record<string, TunedChoice>>;
  /** Of the models that gain from batches, by digest. */
  readonly batches: Readonly<Record<string, TunedBatch>>;
}

/** How large batches of a model should be, and how long those up to it took. */
export interface TunedBatch {
  readonly maxSize: number;
  readonly measured: readonly { readonly rows: number; readonly ms: number }[];
}

export interface TuningPlace {
  readonly config: Config;
  readonly cpus: number;
  readonly cpusPerWorker: number;
  readonly log: Logger;
}

const AGAIN = 'run "bento-ts tune" again';

/** Reads what was measured for the models of a project; undefined where nothing was, where it is switched off, and with a warning where it does not hold: a server starts without it. */
export async function findTuning(projectDir: string | undefined, place: TuningPlace): Promise<Tuning | undefined> {
  const { config, cpus, cpusPerWorker, log } = place;
  if (projectDir === undefined || !config.server.tuning) return undefined;
  try {
    const file = await readTuneFile(projectDir);
    if (file === undefined) return undefined;
    const { machine, models } = file;
    if (machine.cpus === cpus && machine.cpusPerWorker === cpusPerWorker)
      return {
        choices: Object.fromEntries(models.map(({ digest, choice }) => [digest, choice])),
        batches: Object.fromEntries(models.flatMap((model) => batchOf(model) ?? [])),
      };
    log.warn(
      { measured: machine, here: { cpus, cpusPerWorker } },
      `${TUNE_FILE} is not used: it was measured with ${inWords(machine)}, here are ${inWords({ cpus, cpusPerWorker })}; ${AGAIN}`,
    );
  } catch (cause) {
    log.warn({ err: cause }, reasonOf(cause));
  }
  return undefined;
}

function batchOf({ digest, choice, measurements }: TunedModel): [[string, TunedBatch]] | undefined {
  if (choice.batch === null || choice.batch < 2) return undefined;
  const measured = measurements
    .filter(({ place, threads }) => place === "inline" && threads === choice.threads)
    .map(({ batch, p50Ms }) => ({ rows: batch, ms: p50Ms }));
  return [[digest, { maxSize: choice.batch, measured }]];
}

function inWords({ cpus, cpusPerWorker }: { readonly cpus: number; readonly cpusPerWorker: number }): string {
  return `${cpus} CPU${cpus === 1 ? "" : "s"}, ${cpusPerWorker} a worker`;
}

/** Says once what is served as it was measured, and which models have changed since. */
export function tellTuning(log: Logger, tuning: Tuning | undefined, { workers: [first] }: ServerState): void {
  if (tuning === undefined) return;
  const changed: string[] = [];
  for (const { source, tuned } of first?.models ?? []) {
    if (tuned === undefined) changed.push(source);
    else log.info({ source, tuned }, `model "${source}" runs as ${TUNE_FILE} says`);
  }
  if (changed.length > 0) {
    const models = changed.map((source) => `"${source}"`).join(", ");
    log.warn(
      { models: changed },
      `${TUNE_FILE} was measured with other models than ${models}, which ${changed.length === 1 ? "runs" : "run"} untuned; ${AGAIN}`,
    );
  }
}
