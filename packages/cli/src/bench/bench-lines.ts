import type picocolors from "picocolors";
import { barChart } from "../bar-chart.ts";
import { columns, printable, sizeText } from "../output.ts";
import type { BatchRows } from "./batch-rows.ts";
import type { LoadFigures } from "./load-report.ts";

type Paint = ReturnType<typeof picocolors.createColors>;

/** What `bento-ts bench` tells. */
export interface BenchReport extends LoadFigures {
  readonly url: string;
  readonly protocol: string;
  readonly api: string;
  /** What was sent. */
  readonly input: string;
  readonly concurrency: number;
  /** Calls a second that were meant to be sent; null for as many as were answered. */
  readonly rate: number | null;
  /** Whether it ended before it was over. */
  readonly interrupted: boolean;
  /** The batches that the server has run meanwhile; null where its metrics were not to be had or the API is not batched. */
  readonly batches: BatchRows | null;
}

/** The report for people. */
export function benchLines(report: BenchReport, paint: Paint): readonly string[] {
  const { api, protocol, url, input, concurrency, rate, seconds, calls, succeeded, perSecond, bytes } = report;
  const pace = rate === null ? `${concurrency} at once` : `${rate}/s, at most ${concurrency} at once`;
  return [
    `${paint.bold(printable(`${api} over ${protocol}`))}  ${printable(url)}, ${pace}`,
    paint.dim(printable(input)),
    "",
    ...columns(
      [
        [
          "throughput",
          `${perSecond.toFixed(1)}/s`,
          `${succeeded} of ${calls} calls succeeded in ${seconds.toFixed(2)} s`,
        ],
        ["bytes", sizeText(bytes.sent), `sent, ${sizeText(bytes.received)} received`],
      ],
      "  ",
    ),
    ...latencyLines(report),
    ...statusLines(report, paint),
    ...batchLines(report.batches),
    ...(report.interrupted ? ["", paint.yellow("  interrupted: this is what was measured until then")] : []),
  ];
}

function latencyLines({ latencyMs, distribution, rate }: BenchReport): readonly string[] {
  if (latencyMs === null) return [];
  const names = ["p50", "p90", "p95", "p99", "max", "mean"] as const;
  const from = rate === null ? "" : ", from when each call was due";
  return [
    "",
    `  latency in ms${from}`,
    ...columns([names, names.map((name) => ms(latencyMs[name]))], "  "),
    "",
    ...barChart(
      distribution.map(({ fromMs, toMs, calls }) => ({
        label: `${ms(fromMs)} – ${ms(toMs)}`,
        value: calls,
        text: String(calls),
      })),
    ),
  ];
}

function statusLines({ statuses, succeeded, calls }: BenchReport, paint: Paint): readonly string[] {
  if (succeeded === calls) return [];
  const rows = Object.entries(statuses).map(([status, count]) => [status, String(count)]);
  return ["", `  ${paint.red(`${calls - succeeded} calls failed`)}, by status`, ...columns(rows, "  ")];
}

function batchLines(batches: BatchRows | null): readonly string[] {
  if (batches === null || batches.length === 0) return [];
  const bars = batches.map(({ rows, batches: count }) => ({ label: rows, value: count, text: String(count) }));
  return ["", "  batches by their rows", ...barChart(bars)];
}

/** Three digits that count. */
function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}
