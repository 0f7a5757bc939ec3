import type { ModelTable, ServedModel } from "../served-models/model-table.ts";
import type { CallStatistics, ProtocolHost } from "../types.ts";

/** What a version of a model has done so far, in Triton's form; keys as in its JSON. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<StatisticName, Duration>>;
}

/** Triton's statistics, in the order of their fields in its `.proto`, from 1 on. */
export const STATISTIC_NAMES = [
  "success",
  "fail",
  "queue",
  "compute_input",
  "compute_infer",
  "compute_output",
  "cache_hit",
  "cache_miss",
] as const;

export type StatisticName = (typeof STATISTIC_NAMES)[number];

/** How often, and how many nanoseconds together. */
export interface Duration {
  readonly count: number;
  readonly ns: number;
}

/** Which models are asked about; without a name all of them, without a version every one. */
export interface StatisticsQuery {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/**
 * What models have done so far in the whole server, calls of all protocols together. Throws NOT_FOUND for an unknown name or version.
 *
 * Success, queue and the three compute counts grow together: load generators look for that.
 */
export async function modelStatistics(
  host: ProtocolHost,
  models: ModelTable,
  query: StatisticsQuery,
): Promise<readonly ModelStatistics[]> {
  const asked = askedModels(models, query);
  const statistics = await host.statistics();
  return asked.map(({ name, model }) => toStatistics(name, model, statistics.get(model.api.name)));
}

function askedModels(
  models: ModelTable,
  { name, version }: StatisticsQuery,
): readonly { readonly name: string; readonly model: ServedModel }[] {
  if (name === undefined || name === "") return models.models.map((model) => ({ name: model.name, model }));
  const found = version === undefined || version === "" ? models.versionsOf(name) : [models.find(name, version)];
  return found.map((model) => ({ name, model }));
}

function toStatistics(name: string, { version }: ServedModel, calls: CallStatistics | undefined): ModelStatistics {
  const count = calls?.succeeded ?? 0;
  const phases = calls?.phaseSeconds ?? { arrival: 0, queue: 0, input: 0, infer: 0, output: 0 };
  // How long a body takes to arrive is the caller's doing.
  const successSeconds = phases.queue + phases.input + phases.infer + phases.output;
  const failSeconds = Math.max(0, (calls?.seconds ?? 0) - successSeconds - phases.arrival);
  return {
    name,
    version,
    last_inference: Math.floor((calls?.lastSuccessSeconds ?? 0) * 1000),
    inference_count: count,
    // One run for each call: what the author's code runs beside the model is not counted.
    execution_count: count,
    inference_stats: {
      success: { count, ns: toNs(successSeconds) },
      fail: { count: calls?.failed ?? 0, ns: toNs(failSeconds) },
      queue: { count, ns: toNs(phases.queue) },
      compute_input: { count, ns: toNs(phases.input) },
      compute_infer: { count, ns: toNs(phases.infer) },
      compute_output: { count, ns: toNs(phases.output) },
      cache_hit: NOTHING,
      cache_miss: NOTHING,
    },
  };
}

const NOTHING: Duration = { count: 0, ns: 0 };

function toNs(seconds: number): number {
  return Math.round(seconds * 1e9);
}
