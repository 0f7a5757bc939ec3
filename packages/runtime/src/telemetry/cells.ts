import type { Labels, MetricValue } from "./metrics-snapshot.ts";

/** A number that only grows. */
export interface Counter {
  /** `value` finite and ≥ 0; anything else is left out. */
  add(value: number): void;
}

/** A number that goes up and down; a value that is not finite is left out. */
export interface Gauge {
  set(value: number): void;
  add(value: number): void;
}

/** A distribution of values over fixed buckets; a value that is not finite is left out. */
export interface Histogram {
  observe(value: number): void;
}

/** One series: what counts, and its values in prom-client's JSON form. */
export interface Cell<S> {
  readonly instrument: S;
  values(labels: Labels): readonly MetricValue[];
}

/** Creates a counter at 0; `changed` runs at each change. */
export function counterCell(changed: () => void): Cell<Counter> {
  let total = 0;
  return {
    instrument: {
      add(value) {
        if (!(value >= 0 && value < Infinity)) return;
        total += value;
        changed();
      },
    },
    values: (labels) => [{ labels, value: total }],
  };
}

/** Creates a gauge at 0; `changed` runs at each change. */
export function gaugeCell(changed: () => void): Cell<Gauge> {
  let current = 0;
  const set = (value: number): void => {
    if (!Number.isFinite(value)) return;
    current = value;
    changed();
  };
  return {
    instrument: { set, add: (value) => set(current + value) },
    values: (labels) => [{ labels, value: current }],
  };
}

/** Creates an empty histogram; `buckets` are upper bounds, ascending, without infinity. */
export function histogramCell(name: string, buckets: readonly number[], changed: () => void): Cell<Histogram> {
  const bounds = Float64Array.from(buckets);
  const counts = new Float64Array(bounds.length + 1);
  let sum = 0;
  return {
    instrument: {
      observe(value) {
        if (!Number.isFinite(value)) return;
        let index = 0;
        // A loop beats bisection at these sizes: most values fall into the first buckets.
        while (index < bounds.length && value > (bounds[index] ?? Infinity)) index += 1;
        counts[index] = (counts[index] ?? 0) + 1;
        sum += value;
        changed();
      },
    },
    values: (labels) => histogramValues({ name, bounds, counts, sum, labels }),
  };
}

function histogramValues(histogram: {
  readonly name: string;
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  readonly sum: number;
  readonly labels: Labels;
}): readonly MetricValue[] {
  const { name, bounds, counts, sum, labels } = histogram;
  let count = 0;
  // Prometheus text format: buckets are cumulative, and the last one, +Inf, equals the count.
  const buckets = Array.from(counts, (inBucket, index) => {
    count += inBucket;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? "+Inf" }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
