import { cpus as hostCpus } from "node:os";
import { basename, isAbsolute } from "node:path";
import { availableCpus, cpusOfWorker, resolveWorkers } from "../config/cgroup.ts";
import type { Config } from "../config/types.ts";
import { ServingError } from "../errors.ts";
import { shownPath } from "../models/model-format.ts";
import type { SampleShapes } from "../models/sample.ts";
import { modelStoreDir } from "../models/store/layout.ts";
import type { TuneFile, TunedModel } from "../models/tune/tune-file.ts";
import { tuneModel } from "../models/tune/tune-model.ts";
import { makeService } from "./load-service.ts";
import type { StartOptions } from "./start-server.ts";

export interface TuneServiceOptions extends Pick<
  StartOptions,
  "entry" | "baseDir" | "storeDir" | "digests" | "modelPaths"
> {
  readonly config: Config;
  /** Most items of a batch that is tried. */
  readonly maxBatch: number;
  /** Time for all models together. */
  readonly budgetMs: number;
  /** Shapes of inputs by name, of every model that has such an input. */
  readonly shapes: SampleShapes;
  readonly signal: AbortSignal;
  /** Told with which model it begins, of how many. */
  readonly onModel: (model: string, index: number, count: number) => void;
}

/**
 * Measures each model of a service under this process's CPU limit: batches, threads, and where runs happen.
 *
 * Nothing is written. A model that several handles name is measured once, as the first of them has it. Throws what loading a model throws, FAILED_PRECONDITION for one that no sample fits,
 * and the signal's reason.
 */
export async function tuneService(options: TuneServiceOptions): Promise<TuneFile> {
  const { entry, config, baseDir, storeDir = modelStoreDir(), digests = {}, modelPaths = {}, signal } = options;
  const cpus = availableCpus();
  const cpusPerWorker = cpusOfWorker(cpus, resolveWorkers(config, cpus));
  const made = await makeService(entry, {
    baseDir,
    storeDir,
    cpus: cpusPerWorker,
    digests,
    modelPaths,
    configuredModels: config.models,
    modelDir: config.modelDir,
    parameters: config.parameters,
  });
  const sources = made.models.map(({ handle }) => handle.source);
  const models = made.models.filter((model, index) => sources.indexOf(model.handle.source) === index);
  const now = (): number => performance.now();
  const endMs = now() + options.budgetMs;
  const results: TunedModel[] = [];
  const strangers = new Set(Object.keys(options.shapes));
  for (const [index, model] of models.entries()) {
    const { source } = model.handle;
    const name = isAbsolute(source) ? basename(shownPath(source)) : source;
    options.onModel(name, index, models.length);
    const budgetMs = (endMs - now()) / (models.length - index);
    const { maxBatch, shapes } = options;
    const onInputs = (names: readonly string[]): void => {
      for (const input of names) strangers.delete(input);
      if (index === models.length - 1 && strangers.size > 0) throw noSuchInput(strangers, names);
    };
    const measuring = { maxBatch, shapes, signal, now, cpus, cpusPerWorker, budgetMs, onInputs };
    const result = await tuneModel(model, made.host, measuring);
    results.push({ model: name, measuredAt: new Date().toISOString(), ...result });
  }
  const cpuModel = hostCpus()[0]?.model.trim() ?? "unknown";
  return { formatVersion: 1, machine: { cpuModel, cpus, cpusPerWorker }, models: results };
}

function noSuchInput(given: ReadonlySet<string>, known: readonly string[]): ServingError {
  const names = (list: Iterable<string>): string => [...list].map((name) => JSON.stringify(name)).join(", ");
  return new ServingError(
    "INVALID_ARGUMENT",
    `a shape was given for ${names(given)}, and no model has such an input: expected ${names(known)}`,
  );
}
