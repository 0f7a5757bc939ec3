import { load } from "./load.ts";
import type { BenchRow } from "./rows.ts";
import { startOurs } from "./servers.ts";

/** Throughput of two workers against one, on a model that only computes, one thread a run: with more, one worker would use both cores alone. */
export async function scalingRow({ short }: { readonly short: boolean }): Promise<BenchRow[]> {
  const seconds = short ? 5 : 12;
  const body = JSON.stringify([[1, 2, 3, 4]]);
  const perSecond: number[] = [];
  for (const workers of [1, 2]) {
    const server = await startOurs("test/bench/slow-service.ts", { workers });
    const done = await load(
      { port: server.port, method: "POST", path: "/predict", body },
      { calls: 100_000, connections: 8, maxSeconds: seconds },
    );
    perSecond.push(done.calls / done.seconds);
    await server.stop();
  }
  const [one = Number.NaN, two = Number.NaN] = perSecond;
  return [
    {
      name: "throughput, two workers against one, model of 90 ms, one thread a run",
      bare: one,
      ours: two,
      unit: "/s",
      ratio: two / one,
      target: "≥ 1.7 ×",
    },
  ];
}
