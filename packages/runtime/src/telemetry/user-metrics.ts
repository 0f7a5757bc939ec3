import { ServingError } from "../errors.ts";
import { createInstruments } from "./instruments.ts";
import type { Instruments } from "./instruments.ts";
import type { Labels, MetricsSnapshot } from "./metrics-snapshot.ts";

/**
 * Metrics of the author's own. Names are `[a-zA-Z_][a-zA-Z0-9_]*`; a metric is made by its first use and keeps its kind.
 *
 * Throws INTERNAL for a name that can't be one, that is of another kind or that lines of a histogram have: the author's mistake, found by the first call.
 * A value that is no finite number, or a label set past the limits, is left out and counted in `bento_user_metrics_dropped_total`.
 */
export interface UserMetrics extends MetricsForm {
  /** The same metrics in another form: each series with these labels as well, which go over the author's, each counter's name with a suffix. */
  inForm(form: { readonly labels: Labels; readonly counterSuffix: string }): MetricsForm;
  snapshot(): MetricsSnapshot;
  revision(): number;
}

/** How an author uses metrics. */
export interface MetricsForm {
  /** Adds to a counter; `value` ≥ 0, default 1. */
  counter(name: string, value?: number, labels?: Labels): void;
  /** Sets a gauge; each worker shows its own. */
  gauge(name: string, value: number, labels?: Labels): void;
  /** Adds one value to a distribution. */
  histogram(name: string, value: number, labels?: Labels): void;
  /** Adds a duration, given in milliseconds, to a distribution in seconds. */
  timer(name: string, durationMs: number, labels?: Labels): void;
}

/** Label sets that one metric may have; each costs memory in every worker and in every scrape. */
const MAX_SERIES = 1000;
/** Metrics that an author may have: a name made from data must not fill the memory. */
const MAX_METRICS = 200;
const MAX_LABELS = 10;
const MAX_LABEL_CHARS = 128;
const NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;
const RESERVED = /^(bento|process|nodejs)_|^__/;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000];

type Kind = "counter" | "gauge" | "histogram";

/** Creates the author's metrics; what is left out is counted in `own`. */
export function createUserMetrics(own: Instruments): UserMetrics {
  const dropped = own.counter("bento_user_metrics_dropped_total", "Uses of the author's metrics that were left out");
  const drop = (reason: "metrics" | "series" | "labels" | "value"): void => dropped.series({ reason })?.add(1);
  const instruments = createInstruments({ maxSeries: MAX_SERIES, onDropped: () => drop("series") });
  const kinds = new Map<string, Kind>();

  /** Whether this use counts. */
  function admit(name: string, kind: Kind, value: number, labels: Labels): boolean {
    const known = kinds.get(name);
    if (known === undefined) {
      assertName(name);
      assertApart(name, kind, kinds);
      if (kinds.size >= MAX_METRICS) return refuse("metrics");
      kinds.set(name, kind);
    } else if (known !== kind) {
      throw badMetric(name, `metric "${name}" is a ${known}, it can't be a ${kind} too`);
    }
    if (!Number.isFinite(value) || (kind === "counter" && value < 0)) return refuse("value");
    return areLabels(labels) || refuse("labels");
  }
  function refuse(reason: "metrics" | "labels" | "value"): false {
    drop(reason);
    return false;
  }
  function inForm({
    labels: own,
    counterSuffix,
  }: {
    readonly labels: Labels;
    readonly counterSuffix: string;
  }): MetricsForm {
    const all = (labels: Labels): Labels => ({ ...labels, ...own });
    const observe = (name: string, value: number, labels: Labels): void => {
      if (!admit(name, "histogram", value, labels)) return;
      instruments.histogram(name, HELP, BUCKETS).series(all(labels))?.observe(value);
    };
    return {
      counter(base, value = 1, labels = {}) {
        const name = base + counterSuffix;
        if (admit(name, "counter", value, labels)) instruments.counter(name, HELP).series(all(labels))?.add(value);
      },
      gauge(name, value, labels = {}) {
        if (admit(name, "gauge", value, labels))
          instruments.gauge(name, HELP, "worker").series(all(labels))?.set(value);
      },
      histogram: (name, value, labels = {}) => observe(name, value, labels),
      timer: (name, durationMs, labels = {}) => observe(name, durationMs / 1000, labels),
    };
  }

  return {
    ...inForm({ labels: {}, counterSuffix: "" }),
    inForm,
    snapshot: () => instruments.snapshot(),
    revision: () => instruments.revision(),
  };
}

const HELP = "Metric of the service's author";

function assertName(name: string): void {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw badMetric(
      name,
      `metric name ${JSON.stringify(name)}: expected [a-zA-Z_][a-zA-Z0-9_]*, at most 128 characters`,
    );
  }
  if (RESERVED.test(name)) {
    throw badMetric(name, `metric name "${name}": bento_, process_, nodejs_ and __ are taken, use another prefix`);
  }
}

/** What the lines of a distribution are called after its name. */
const PARTS = ["_bucket", "_count", "_sum"];

/** A line may be there once only. Source: Prometheus, "Text format details": each line must have a unique combination of a metric name and labels. */
function assertApart(name: string, kind: Kind, kinds: ReadonlyMap<string, Kind>): void {
  for (const part of PARTS) {
    if (kind === "histogram" && kinds.has(name + part))
      throw badMetric(name, `metric "${name}" can't be a histogram, whose lines would be those of "${name}${part}"`);
    const base = name.slice(0, -part.length);
    if (name.endsWith(part) && kinds.get(base) === "histogram")
      throw badMetric(name, `metric "${name}" can't be: the histogram "${base}" has lines of that name`);
  }
}

/** The error of a metric that can't be; `details.metric` tells it from other faults of the author's. */
function badMetric(metric: unknown, message: string): ServingError {
  return new ServingError("INTERNAL", message, { details: { metric: String(metric) } });
}

function areLabels(labels: Labels): boolean {
  const entries = Object.entries(labels);
  return entries.length <= MAX_LABELS && entries.every(isLabel);
}

function isLabel([name, value]: readonly [string, unknown]): boolean {
  if (!NAME.test(name) || RESERVED.test(name) || name === "le" || name === "worker") return false;
  return typeof value === "string" && value.length <= MAX_LABEL_CHARS;
}
