import type { ContextMetrics } from "../authoring/context.ts";
import type { MetricUse } from "../call/types.ts";

/** Uses that are kept of one call: a method that counts in a loop must not make its reply grow without end. */
const MAX_USES = 1000;

/** The same metrics, which also write down their uses; a histogram has no place among them. */
export function noteUses(metrics: ContextMetrics, uses: MetricUse[]): ContextMetrics {
  const note = (use: MetricUse): void => {
    if (uses.length < MAX_USES) uses.push(use);
  };
  return {
    counter(name, value = 1, labels = {}) {
      metrics.counter(name, value, labels);
      note({ kind: "counter", name, value, labels });
    },
    gauge(name, value, labels = {}) {
      metrics.gauge(name, value, labels);
      note({ kind: "gauge", name, value, labels });
    },
    histogram: (name, value, labels) => metrics.histogram(name, value, labels),
    timer(name, durationMs, labels = {}) {
      metrics.timer(name, durationMs, labels);
      note({ kind: "timer", name, value: durationMs, labels });
    },
  };
}
