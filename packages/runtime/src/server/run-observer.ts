import type { ModelHost } from "../models/types.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** Counts the runs of models; labels are looked up once for each model and place. */
export function createRunObserver(metrics: Pick<Metrics, "modelRun">): NonNullable<ModelHost["onRun"]> {
  const bound = new Map<string, Map<string, ReturnType<Metrics["modelRun"]>>>();
  return ({ source, place, ms }) => {
    const known = bound.get(place)?.get(source);
    if (known !== undefined) return known.observe(ms / 1000);
    const fresh = metrics.modelRun(source, place);
    bound.set(place, (bound.get(place) ?? new Map<string, ReturnType<Metrics["modelRun"]>>()).set(source, fresh));
    fresh.observe(ms / 1000);
  };
}
