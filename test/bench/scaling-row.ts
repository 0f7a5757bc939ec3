import { loadGrpc } from "./grpc-load.ts";
import { inferMessage, MODEL_INFER } from "./infer-message.ts";
import { load, type LoadResult } from "./load.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startOurs } from "./servers.ts";

const CALLERS = 8;
const body = JSON.stringify([[1, 2, 3, 4]]);
const message = inferMessage("predict", [1, 4], Float32Array.of(1, 2, 3, 4), "raw");

/** Throughput of two workers against one core, on a model that only computes, one thread a run; rounds alternate, so that both see the same machine. */
export async function scalingRow({ short }: { readonly short: boolean }): Promise<BenchRow[]> {
  const [rounds, maxSeconds] = short ? [3, 4] : [5, 10];
  // With more threads one worker would use both cores alone.
  const one = await startOurs("test/bench/slow-service.ts", { workers: 1, env: { BENCH_POOL: "1" } });
  const two = await startOurs("test/bench/slow-service.ts", { workers: 2 });
  try {
    const limits = { calls: 100_000, maxSeconds };
    const rest = ({ port }: BenchServer): Promise<LoadResult> =>
      load({ port, method: "POST", path: "/predict", body }, { ...limits, connections: CALLERS });
    const oneConnection = ({ grpcPort: port }: BenchServer): Promise<LoadResult> =>
      loadGrpc({ port, path: MODEL_INFER, message }, { ...limits, connections: 1, callers: CALLERS });
    return [
      await row("two workers, 8 connections of REST (bare: one worker, one inference thread)", "≥ 1.7 ×", rest),
      await row("two workers, one connection of gRPC, 8 callers (bare: the same)", "≥ 1.6 ×", oneConnection),
    ];
  } finally {
    await one.stop();
    await two.stop();
  }

  async function row(
    name: string,
    target: string,
    send: (server: BenchServer) => Promise<LoadResult>,
  ): Promise<BenchRow> {
    const perSecond: [number[], number[]] = [[], []];
    for (let at = 0; at < rounds; at += 1) {
      perSecond[0].push(rate(await send(one)));
      perSecond[1].push(rate(await send(two)));
    }
    return pairedRow({ name: `throughput of a model of 90 ms, ${name}`, unit: "/s", target }, ...perSecond);
  }
}

function rate({ calls, failed, seconds }: LoadResult): number {
  if (failed > 0) throw new Error(`${failed} of ${calls} calls failed`);
  return calls / seconds;
}
