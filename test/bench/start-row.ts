import { median, send } from "./load.ts";
import type { BenchRow } from "./rows.ts";
import { type BenchServer, startBare, startOurs } from "./servers.ts";

/** Time from the start of the process to the first answer. */
export async function startRow({ rounds }: { readonly rounds: number }): Promise<BenchRow[]> {
  const body = JSON.stringify({ x: [[1, 2, 3, 4]] });
  const timed = async (start: () => Promise<BenchServer>): Promise<number> => {
    const startedMs = performance.now();
    const server = await start();
    await send({ port: server.port, method: "POST", path: "/predict", body });
    const tookMs = performance.now() - startedMs;
    await server.stop();
    return tookMs;
  };
  const bare: number[] = [];
  const ours: number[] = [];
  for (let at = 0; at < rounds; at += 1) {
    bare.push(await timed(() => startBare("test/models/mlp-small.onnx")));
    ours.push(await timed(() => startOurs("test/models/mlp-small.onnx", { workers: 1 })));
  }
  const ratio = median(ours.map((one, at) => one / (bare[at] ?? Number.NaN)));
  return [
    {
      name: "start to first answer, small model, 1 worker",
      bare: median(bare),
      ours: median(ours),
      unit: "ms",
      ratio,
      target: "≤ 1.5 ×",
    },
  ];
}
