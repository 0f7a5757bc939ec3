import { registrySnapshot, type MetricFamily, type MetricsSnapshot } from "./metrics-snapshot.ts";

/** The snapshot of one worker, or of none when its values need no `worker` label. */
export interface WorkerSnapshot {
  readonly worker: number | undefined;
  readonly snapshot: MetricsSnapshot;
}

/** Several snapshots as one. */
export interface SummedMetrics {
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
  snapshot(): Promise<MetricsSnapshot>;
}

/** Joins snapshots by each metric's aggregator; a metric whose kind differs between them is kept from the first alone. */
export async function sumSnapshots(parts: readonly WorkerSnapshot[]): Promise<SummedMetrics> {
  // Loaded on first use: it takes longer to import than all the rest of a supervisor.
  const { AggregatorRegistry } = await import("prom-client");
  const kinds = new Map<string, string>();
  const joined = parts.map(({ worker, snapshot }) =>
    snapshot
      .map((family) => labelWorker(family, worker))
      .filter((family) => {
        const kind = `${family.type} ${family.aggregator}`;
        const known = kinds.get(family.name) ?? kind;
        kinds.set(family.name, known);
        return known === kind;
      }),
  );
  const registry = AggregatorRegistry.aggregate(joined);
  return { text: () => registry.metrics(), snapshot: () => registrySnapshot(registry) };
}

/**
 * What must outlive a worker: its counters and histograms, joined with those of workers that died before it.
 *
 * Without it a sum over workers would fall when one is replaced, and Prometheus would take that for a restart of all.
 */
export async function addToBase(base: MetricsSnapshot, last: MetricsSnapshot): Promise<MetricsSnapshot> {
  const lasting = last.filter((family) => family.type === "counter" || family.type === "histogram");
  const sum = await sumSnapshots([
    { worker: undefined, snapshot: base },
    { worker: undefined, snapshot: lasting },
  ]);
  return sum.snapshot();
}

function labelWorker(family: MetricFamily, worker: number | undefined): MetricFamily {
  if (family.aggregator !== "worker") return family;
  if (worker === undefined) return { ...family, aggregator: "sum" };
  const values = family.values.map((value) => ({ ...value, labels: { ...value.labels, worker: String(worker) } }));
  return { ...family, aggregator: "sum", values };
}
