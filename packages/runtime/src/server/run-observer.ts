import type { RunBacklog } from "../models/run-backlog.ts";
import type { ModelHost } from "../models/types.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** Counts the runs of models and tells the backlog how long they take; labels are looked up once for each model and place. */
export function createRunObserver(metrics: Metrics, backlog: Pick<RunBacklog, "ran">): NonNullable<ModelHost["onRun"]> {
  const bound = new Map<string, Map<string, ReturnType<Metrics["modelRun"]>>>();
  return ({ source, place, ms }) => {
    backlog.ran(ms);
    const known = bound.get(place)?.get(source);
    if (known !== undefined) return known.observe(ms / 1000);
    const fresh = metrics.modelRun(source, place);
    bound.set(place, (bound.get(place) ?? new Map<string, ReturnType<Metrics["modelRun"]>>()).set(source, fresh));
    fresh.observe(ms / 1000);
  };
}
