import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../support/server-process.ts";
import { load, median, percentile } from "./load.ts";
import { MLP_INPUTS, writeMlp } from "./mlp-model.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startOurs } from "./servers.ts";

const CALLERS = 64;
/** `maxLatencyMs` of the service. */
const MAX_LATENCY_MS = 10;

/** Throughput and tail of calls of one row, joined against one at a time in the same server: on a network that has to read its weights for each run, and on a small forest. */
export async function batchingRow({
  rounds,
  short,
}: {
  readonly rounds: number;
  readonly short: boolean;
}): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), "bento-batching-"));
  const model = join(dir, "mlp.onnx");
  writeMlp(model);
  // Connections of the load before are still counted while the worker is too busy to see that they were closed.
  const env = { BENCH_MLP: model, BENTO_SERVER_LIMITS_CONNECTIONS_PER_IP: "1000" };
  const server = await startOurs("test/bench/batching-service.ts", { workers: 1, env });
  const network = JSON.stringify([Array.from({ length: MLP_INPUTS }, (_, at) => at / MLP_INPUTS)]);
  const { df } = JSON.parse(readFileSync(`${root}examples/boston/examples/boston10.json`, "utf8")) as { df: unknown[] };
  const trees = JSON.stringify({ df: df.slice(0, 1) });
  const seconds = short ? 3 : 6;
  try {
    return [
      ...(await compare(server, {
        path: "/mlp",
        body: network,
        rounds,
        seconds,
        target: "≥ 3 ×",
        what: "MLP of 65 MiB",
      })),
      ...(await compare(server, {
        path: "/forest",
        body: trees,
        rounds,
        seconds,
        target: "≥ 1 ×",
        what: "random forest",
      })),
    ];
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true });
  }
}

interface Comparison {
  readonly path: string;
  readonly body: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly target: string;
  readonly what: string;
}

async function compare(
  server: BenchServer,
  { path, body, rounds, seconds, target, what }: Comparison,
): Promise<BenchRow[]> {
  const perSecond = { single: new Array<number>(), batched: new Array<number>() };
  const p99Ms = { single: new Array<number>(), batched: new Array<number>() };
  // The first round warms up code and estimates.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [kind, route] of [["single", path] as const, ["batched", `${path}Batched`] as const]) {
      const shot = { port: server.port, method: "POST", path: route, body } as const;
      const done = await load(shot, { calls: 1_000_000, connections: CALLERS, maxSeconds: seconds });
      if (done.failed > 0) throw new Error(`${done.failed} of ${done.calls} calls of ${route} failed`);
      if (round === 0) continue;
      perSecond[kind].push(done.calls / done.seconds);
      p99Ms[kind].push(percentile(done.latenciesMs, 0.99));
    }
  }
  const name = `${what}, one row a call, ${CALLERS} callers, 1 worker, batched against one at a time`;
  return [
    pairedRow({ name: `throughput, ${name}`, unit: "/s", target }, perSecond.single, perSecond.batched),
    pairedRow({ name: "  p99", unit: "ms", target: "" }, p99Ms.single, p99Ms.batched),
    boundRow(await fullBatchMs(server, path, body), median(p99Ms.batched)),
  ];
}

/** The time of one call that is as large as a full batch, and alone. */
async function fullBatchMs(server: BenchServer, path: string, row: string): Promise<number> {
  const given = JSON.parse(row) as unknown[] | { df: unknown[] };
  const rows = (one: unknown[]): unknown[] => Array.from({ length: CALLERS }, () => one[0]);
  const body = JSON.stringify(Array.isArray(given) ? rows(given) : { df: rows(given.df) });
  const shot = { port: server.port, method: "POST", path, body } as const;
  return median((await load(shot, { calls: 100, connections: 1, maxSeconds: 10 })).latenciesMs);
}

function boundRow(computeMs: number, p99Ms: number): BenchRow {
  const bare = MAX_LATENCY_MS + computeMs;
  const name = `  p99 when batched, against maxLatencyMs and one call of ${CALLERS} rows (${computeMs.toFixed(1)} ms)`;
  return { name, bare, ours: p99Ms, unit: "ms", ratio: p99Ms / bare, target: "≤ 1 ×" };
}
