import type { LoadRecord } from "./run-load.ts";

/** What a load showed. */
export interface LoadFigures {
  readonly seconds: number;
  readonly calls: number;
  readonly succeeded: number;
  /** Calls that succeeded, a second. */
  readonly perSecond: number;
  /** Of calls that succeeded; null when none did. */
  readonly latencyMs: Readonly<Record<"mean" | "p50" | "p90" | "p95" | "p99" | "max", number>> | null;
  /** How many calls fell into each range of latency, of equal ratio. */
  readonly distribution: readonly { readonly fromMs: number; readonly toMs: number; readonly calls: number }[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly bytes: { readonly sent: number; readonly received: number };
}

/** Works out the figures of a load. */
export function loadFigures({ latenciesMs, byStatus, sentBytes, receivedBytes, elapsedMs }: LoadRecord): LoadFigures {
  const ascending = Float64Array.from(latenciesMs).sort();
  const seconds = elapsedMs / 1000;
  return {
    seconds: round(seconds),
    calls: [...byStatus.values()].reduce((sum, count) => sum + count, 0),
    succeeded: ascending.length,
    perSecond: seconds > 0 ? round(ascending.length / seconds) : 0,
    latencyMs: ascending.length === 0 ? null : latencies(ascending),
    distribution: distributionOf(ascending),
    statuses: Object.fromEntries([...byStatus].sort(([a], [b]) => (a < b ? -1 : 1))),
    bytes: { sent: sentBytes, received: receivedBytes },
  };
}

function latencies(ascending: Float64Array): NonNullable<LoadFigures["latencyMs"]> {
  const at = (share: number): number => round(nearestRank(ascending, share));
  const mean = round(ascending.reduce((sum, ms) => sum + ms, 0) / ascending.length);
  return { mean, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** The value that a share (0 to 1) of ascending numbers does not exceed, by nearest rank; NaN of none. */
export function nearestRank(ascending: ArrayLike<number>, share: number): number {
  return ascending[Math.max(1, Math.ceil(share * ascending.length)) - 1] ?? Number.NaN;
}

const MAX_RANGES = 12;

/** Ranges from the least to the most, each the same times longer than the one before. */
function distributionOf(ascending: Float64Array): LoadFigures["distribution"] {
  const [least, most] = [ascending[0], ascending.at(-1)];
  if (least === undefined || most === undefined) return [];
  const from = Math.max(least, 1e-3);
  const count = most / from < 1.01 ? 1 : MAX_RANGES;
  const ratio = (most / from) ** (1 / count);
  const calls = Array.from<number>({ length: count }).fill(0);
  for (const ms of ascending) {
    const range = count === 1 ? 0 : Math.floor(Math.log(Math.max(ms, from) / from) / Math.log(ratio));
    const index = Math.min(count - 1, range);
    calls[index] = (calls[index] ?? 0) + 1;
  }
  return calls.map((number, index) => ({
    fromMs: round(from * ratio ** index),
    toMs: round(from * ratio ** (index + 1)),
    calls: number,
  }));
}

/** To a microsecond. */
function round(value: number): number {
  return Number(value.toFixed(3));
}
