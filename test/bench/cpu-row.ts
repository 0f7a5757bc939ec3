import { load, type LoadResult, percentile } from "./load.ts";
import { figuresOf } from "./process-figures.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startOurs } from "./servers.ts";

interface CpuCase {
  readonly name: string;
  /** Starts the bare handler. */
  readonly bare: () => Promise<BenchServer>;
  readonly target: string;
  readonly path: string;
  readonly body: string;
  readonly rounds: number;
  readonly short: boolean;
  /** What the ratio should be; as for a bare handler unless given. */
  readonly aim?: string;
  /** Of each round; by what is usual unless given. */
  readonly calls?: number;
}

interface Round {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMiB: number;
}

const CONNECTIONS = 8;

/** CPU per request, throughput, latency and memory of both servers; rounds alternate, so that both see the same machine. */
export async function cpuRow(options: CpuCase): Promise<BenchRow[]> {
  const bare = await options.bare();
  const ours = await startOurs(options.target, { workers: 1 });
  try {
    const calls = options.calls ?? (options.short ? 3_000 : 10_000);
    const bareRounds: Round[] = [];
    const oursRounds: Round[] = [];
    for (const server of [bare, ours]) await round(server, options, calls);
    for (let at = 0; at < options.rounds; at += 1) {
      bareRounds.push(await round(bare, options, calls));
      oursRounds.push(await round(ours, options, calls));
    }
    const rowOf = (name: string, unit: string, key: keyof Round, target: string): BenchRow =>
      pairedRow(
        { name, unit, target },
        bareRounds.map((one) => one[key]),
        oursRounds.map((one) => one[key]),
      );
    return [
      rowOf(options.name, "µs", "cpuMicros", options.aim ?? "≤ 1.3 ×"),
      rowOf("  requests per second", "/s", "perSecond", ""),
      rowOf("  latency p50", "ms", "p50Ms", ""),
      rowOf("  latency p99", "ms", "p99Ms", ""),
      rowOf("  resident memory, all processes", "MiB", "rssMiB", ""),
    ];
  } finally {
    await bare.stop();
    await ours.stop();
  }
}

async function round(server: BenchServer, { path, body, short }: CpuCase, calls: number): Promise<Round> {
  const before = figuresOf(server.pid);
  const result: LoadResult = await load(
    { port: server.port, method: "POST", path, body },
    { calls, connections: CONNECTIONS, maxSeconds: short ? 5 : 60 },
  );
  const after = figuresOf(server.pid);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.calls} calls failed`);
  return {
    cpuMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / result.calls,
    perSecond: result.calls / result.seconds,
    p50Ms: percentile(result.latenciesMs, 0.5),
    p99Ms: percentile(result.latenciesMs, 0.99),
    rssMiB: after.rssBytes / 2 ** 20,
  };
}
