import type { MetricFamily, MetricsSnapshot, MetricValue } from "../telemetry/metrics-snapshot.ts";
import type { ServerState, WorkerPhase } from "../telemetry/readiness.ts";
import type { ConnectionCounts } from "./connection-distributor.ts";
import type { Replacements } from "./pool-options.ts";

const PHASES = ["starting", "ready", "draining", "dead"] as const satisfies readonly WorkerPhase[];

/** The supervisor's own numbers: workers, connections, replacements. */
export function supervisorSnapshot(facts: {
  readonly state: ServerState;
  readonly connections: ConnectionCounts;
  readonly replacements: Replacements;
  readonly rssBytes: readonly { readonly worker: number; readonly bytes: number }[];
}): MetricsSnapshot {
  const { state, connections, replacements } = facts;
  const inPhase = (phase: WorkerPhase): number => state.workers.filter((worker) => worker.phase === phase).length;
  return [
    gauge("bento_ready", "1 while all workers can answer", [{ labels: {}, value: state.ready ? 1 : 0 }]),
    gauge(
      "bento_workers",
      "Workers by phase",
      PHASES.map((phase) => ({ labels: { phase }, value: inPhase(phase) })),
    ),
    counter("bento_worker_replacements_total", "Workers that were replaced", byLabel("reason", { ...replacements })),
    gauge("bento_connections_open", "Connections that workers hold", [{ labels: {}, value: connections.open }]),
    gauge("bento_connections_waiting", "Connections that wait for a worker", [
      { labels: {}, value: connections.waiting },
    ]),
    counter(
      "bento_connections_refused_total",
      "Connections that were reset without an answer",
      byLabel("reason", { ...connections.refused }),
    ),
    gauge(
      "bento_worker_resident_memory_bytes",
      "Resident memory of each worker",
      facts.rssBytes.map(({ worker, bytes }) => ({ labels: { worker: String(worker) }, value: bytes })),
    ),
  ];
}

function gauge(name: string, help: string, values: readonly MetricValue[]): MetricFamily {
  return { name, help, type: "gauge", aggregator: "sum", values };
}

function counter(name: string, help: string, values: readonly MetricValue[]): MetricFamily {
  return { name, help, type: "counter", aggregator: "sum", values };
}

function byLabel(label: string, numbers: Readonly<Record<string, number>>): readonly MetricValue[] {
  return Object.entries(numbers).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
