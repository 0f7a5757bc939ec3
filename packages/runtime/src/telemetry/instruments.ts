import { counterCell, gaugeCell, histogramCell, type Cell, type Counter, type Gauge, type Histogram } from "./cells.ts";
import type { Labels, MetricFamily, MetricsSnapshot } from "./metrics-snapshot.ts";

/** One metric: `series` gives the number behind one set of labels, undefined where the metric holds its most series. */
export interface Family<S> {
  series(labels: Labels): S | undefined;
}

/**
 * The metrics of one process. Asking again for a name gives the same family; throws TypeError when its kind differs.
 *
 * Who counts binds a series once and keeps it: prom-client looks labels up at each call, 1.2 µs against 0.03 µs.
 */
export interface Instruments {
  counter(name: string, help: string): Family<Counter>;
  gauge(name: string, help: string, aggregator: GaugeAggregator): Family<Gauge>;
  /** `buckets`: upper bounds, ascending, without infinity. */
  histogram(name: string, help: string, buckets: readonly number[]): Family<Histogram>;
  snapshot(): MetricsSnapshot;
  /** Grows with each change of any number. */
  revision(): number;
}

/** How the gauges of several workers become one; "worker" keeps them apart by a `worker` label. */
export type GaugeAggregator = "sum" | "max" | "worker";

/** Creates an empty set of metrics; `onDropped` is told of each use of a series past `maxSeries` of one metric. */
export function createInstruments(options: {
  readonly maxSeries: number;
  readonly onDropped?: (name: string) => void;
}): Instruments {
  const counters = new Map<string, StoredFamily<Counter>>();
  const gauges = new Map<string, StoredFamily<Gauge>>();
  const histograms = new Map<string, StoredFamily<Histogram>>();
  const kinds = { counter: counters, gauge: gauges, histogram: histograms };
  let changes = 0;
  const changed = (): void => {
    changes += 1;
  };

  function family<S>(into: Map<string, StoredFamily<S>>, head: FamilyHead, create: () => Cell<S>): Family<S> {
    const known = into.get(head.name);
    if (known !== undefined) return known;
    for (const [kind, names] of Object.entries(kinds)) {
      if (names.has(head.name))
        throw new TypeError(`metric "${head.name}" is a ${kind}, it can't be a ${head.type} too`);
    }
    const fresh = createFamily(head, create, options);
    into.set(head.name, fresh);
    return fresh;
  }

  return {
    counter: (name, help) =>
      family(counters, { name, help, type: "counter", aggregator: "sum" }, () => counterCell(changed)),
    gauge: (name, help, aggregator) =>
      family(gauges, { name, help, type: "gauge", aggregator }, () => gaugeCell(changed)),
    histogram: (name, help, buckets) =>
      family(histograms, { name, help, type: "histogram", aggregator: "sum" }, () =>
        histogramCell(name, buckets, changed),
      ),
    snapshot: () =>
      [...counters.values(), ...gauges.values(), ...histograms.values()].map((stored) => stored.collect()),
    revision: () => changes,
  };
}

type FamilyHead = Omit<MetricFamily, "values">;

interface StoredFamily<S> extends Family<S> {
  collect(): MetricFamily;
}

function createFamily<S>(
  head: FamilyHead,
  create: () => Cell<S>,
  limits: { readonly maxSeries: number; readonly onDropped?: (name: string) => void },
): StoredFamily<S> {
  const cells = new Map<string, { readonly labels: Labels; readonly cell: Cell<S> }>();
  return {
    series(labels) {
      const key = seriesKey(labels);
      const known = cells.get(key);
      if (known !== undefined) return known.cell.instrument;
      if (cells.size >= limits.maxSeries) {
        limits.onDropped?.(head.name);
        return undefined;
      }
      const cell = create();
      cells.set(key, { labels: { ...labels }, cell });
      return cell.instrument;
    },
    collect: () => ({ ...head, values: [...cells.values()].flatMap(({ labels, cell }) => cell.values(labels)) }),
  };
}

function seriesKey(labels: Labels): string {
  const names = Object.keys(labels);
  if (names.length === 0) return "";
  // As JSON, since a separator of our own could stand inside a value.
  return JSON.stringify(names.sort().map((name) => [name, labels[name]]));
}
