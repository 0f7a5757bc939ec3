import { CALL_PHASES, type CallPhase } from "../call/phase.ts";
import type { CallStatistics } from "../protocols/types.ts";
import type { MetricsSnapshot, MetricValue } from "../telemetry/metrics-snapshot.ts";

/** The metrics from which the statistics of calls are read. */
export const CALL_METRICS: readonly string[] = [
  "bento_requests_total",
  "bento_request_duration_seconds",
  "bento_call_phase_seconds",
  "bento_last_success_timestamp_seconds",
];

/** What each API has done so far, from the metrics of a server. */
export function toCallStatistics(snapshot: MetricsSnapshot): ReadonlyMap<string, CallStatistics> {
  const values = (name: string, metricName?: string): readonly MetricValue[] =>
    (snapshot.find((family) => family.name === name)?.values ?? []).filter(
      (value) => metricName === undefined || value.metricName === metricName,
    );
  const requests = values("bento_requests_total");
  const durations = values("bento_request_duration_seconds", "bento_request_duration_seconds_sum");
  const phases = values("bento_call_phase_seconds", "bento_call_phase_seconds_sum");
  const lasts = values("bento_last_success_timestamp_seconds");
  const apis = new Set(requests.map(({ labels }) => String(labels["api"])));
  return new Map(
    Array.from(apis, (api) => {
      const sum = (from: readonly MetricValue[], fits: (labels: MetricValue["labels"]) => boolean): number =>
        from.reduce((total, { labels, value }) => (labels["api"] === api && fits(labels) ? total + value : total), 0);
      const any = (): boolean => true;
      const secondsOf = (phase: CallPhase): number => sum(phases, (labels) => labels["phase"] === phase);
      return [
        api,
        {
          succeeded: sum(requests, ({ status }) => status === "200"),
          failed: sum(requests, ({ status }) => status !== "200"),
          seconds: sum(durations, any),
          phaseSeconds: Object.fromEntries(CALL_PHASES.map((phase) => [phase, secondsOf(phase)])) as Record<
            CallPhase,
            number
          >,
          lastSuccessSeconds: sum(lasts, any),
        },
      ];
    }),
  );
}
