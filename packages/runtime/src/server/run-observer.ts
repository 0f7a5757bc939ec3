import type { ModelHost } from "../models/types.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** Counts the runs of models; labels are looked up once for each model and place. */
export function createRunObserver(metrics: Metrics): NonNullable<ModelHost["onRun"]> {
  const bound = new Map<string, Map<string, ReturnType<Metrics["modelRun"]>>>();
  return ({ source, place, ms }) => {
    const places = bound.get(place) ?? new Map<string, ReturnType<Metrics["modelRun"]>>();
    const known = places.get(source) ?? metrics.modelRun(source, place);
    bound.set(place, places.set(source, known));
    known.observe(ms / 1000);
  };
}
