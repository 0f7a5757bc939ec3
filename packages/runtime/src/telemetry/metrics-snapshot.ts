import type { Registry } from "prom-client";
import { ServingError } from "../errors.ts";

/** Names and values that tell the series of one metric apart. */
export type Labels = Readonly<Record<string, string>>;

/** One number of a metric; `metricName` differs from the family's name for the parts of a histogram. */
export interface MetricValue {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
  readonly metricName?: string | undefined;
}

/** One metric with all its label sets, in the JSON form of prom-client. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How values of several workers become one, a name of prom-client's table; "worker" keeps them apart by a `worker` label. */
  readonly aggregator: string;
  readonly values: readonly MetricValue[];
}

/** Everything that one process has measured, fit for sending between processes. */
export type MetricsSnapshot = readonly MetricFamily[];

/** All numbers of a prom-client registry. */
export async function registrySnapshot(registry: Pick<Registry, "getMetricsAsJSON">): Promise<MetricsSnapshot> {
  const json: unknown = await registry.getMetricsAsJSON();
  const snapshot = parseMetricsSnapshot(json);
  if (snapshot === undefined) throw new ServingError("INTERNAL", "prom-client gave metrics of an unknown form");
  return snapshot;
}

/** Checks a snapshot that came from another process; undefined when it is none. */
export function parseMetricsSnapshot(value: unknown): MetricsSnapshot | undefined {
  return Array.isArray(value) && value.every(isFamily) ? value : undefined;
}

function isFamily(value: unknown): value is MetricFamily {
  if (typeof value !== "object" || value === null) return false;
  const { name, help, type, aggregator, values } = value as Partial<Record<keyof MetricFamily, unknown>>;
  return (
    typeof name === "string" &&
    typeof help === "string" &&
    typeof type === "string" &&
    typeof aggregator === "string" &&
    Array.isArray(values) &&
    values.every(isValue)
  );
}

function isValue(value: unknown): value is MetricValue {
  if (typeof value !== "object" || value === null) return false;
  const { labels, value: number, metricName } = value as Partial<Record<keyof MetricValue, unknown>>;
  return (
    typeof labels === "object" &&
    labels !== null &&
    typeof number === "number" &&
    (metricName === undefined || typeof metricName === "string")
  );
}
