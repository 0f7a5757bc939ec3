import { load, type LoadResult, percentile } from "./load.ts";
import type { BenchRow } from "./rows.ts";
import { type BenchServer, startBare, startOurs } from "./servers.ts";

const CALLERS = 8;
const body = JSON.stringify({ x: [[1, 2, 3, 4]] });

/** How health and metrics answer while a slow model computes: beside an idle bare server, and beside a bare cluster of two under the same load. */
export async function healthRow({ short }: { readonly short: boolean }): Promise<BenchRow[]> {
  const seconds = short ? 6 : 15;
  const idle = await startBare("test/models/mlp-small.onnx");
  const idleP99 = percentile((await probe(idle.port, "/healthz", { until: after(seconds / 2) })).latenciesMs, 0.99);
  await idle.stop();

  const cluster = await underLoad(await startBare("test/models/slow-90ms.onnx", { workers: 2 }), seconds);
  const ours = await underLoad(await startOurs("test/models/slow-90ms.onnx", { workers: 2 }), seconds);
  const slow = await underLoad(await startOurs("test/models/slow-1s.onnx", { workers: 2 }), seconds);
  const row = (name: string, value: number, bare: number, target: string): BenchRow => ({
    name,
    bare,
    ours: value,
    unit: "ms",
    ratio: value / bare,
    target,
  });
  return [
    row("/healthz p99, model of 90 ms, 8 callers, 2 workers (bare: idle server)", ours.healthP99, idleP99, "≤ 10 ×"),
    row("  /metrics p99 on the admin port", ours.metricsP99, idleP99, ""),
    row("  /healthz p99 of a bare cluster of two under the same load", cluster.healthP99, idleP99, ""),
    {
      name: "  throughput under that load",
      bare: cluster.perSecond,
      ours: ours.perSecond,
      unit: "/s",
      ratio: ours.perSecond / cluster.perSecond,
      target: "≥ 0.95 ×",
    },
    row("/healthz p99, model of 1 s, 8 callers, 2 workers (bare: idle server)", slow.healthP99, idleP99, "≤ 10 ×"),
    row("  /metrics p99 on the admin port", slow.metricsP99, idleP99, ""),
  ];
}

async function underLoad(
  server: BenchServer,
  seconds: number,
): Promise<{ healthP99: number; metricsP99: number; perSecond: number }> {
  try {
    const calls = load(
      { port: server.port, method: "POST", path: "/predict", body },
      { calls: 100_000, connections: CALLERS, maxSeconds: seconds },
    );
    const health = probe(server.port, "/healthz", { until: calls });
    const metrics =
      server.adminPort === server.port ? undefined : probe(server.adminPort, "/metrics", { until: calls });
    const [done, healthy] = await Promise.all([calls, health]);
    const metricsP99 = metrics === undefined ? Number.NaN : percentile((await metrics).latenciesMs, 0.99);
    return { healthP99: percentile(healthy.latenciesMs, 0.99), metricsP99, perSecond: done.calls / done.seconds };
  } finally {
    await server.stop();
  }
}

const after = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Asks up to twenty times a second until something has ended, each time over a connection of its own, as an orchestrator does. */
export async function probe(
  port: number,
  path: string,
  { until }: { readonly until: Promise<unknown> },
): Promise<LoadResult> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  until.then(end, end);
  const latenciesMs: number[] = [];
  let failed = 0;
  const startMs = performance.now();
  while (!isOver) {
    const one = await load({ port, method: "GET", path }, { calls: 1, connections: 1, maxSeconds: 30 });
    latenciesMs.push(...one.latenciesMs);
    failed += one.failed;
    await after(0.05);
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { calls: latenciesMs.length, failed, seconds, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}
