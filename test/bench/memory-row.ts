import { load } from "./load.ts";
import { figuresOf } from "./process-figures.ts";
import type { BenchRow } from "./rows.ts";
import { startOurs } from "./servers.ts";

const CALLS = 100_000;
const STEPS = 20;
/** Steps at the start that are left out: the compiler and the heap are still growing into the load. */
const WARM_UP_STEPS = 5;

/** How resident memory of all processes grows over 100 000 requests of the native protocol over REST: slope of a line through the samples, beside its noise. */
export async function memoryRow(): Promise<BenchRow[]> {
  const server = await startOurs("test/models/mlp-small.onnx", { workers: 1 });
  try {
    const body = JSON.stringify({ x: [[5.1, 3.5, 1.4, 0.2]] });
    const shot = { port: server.port, method: "POST", path: "/predict", body } as const;
    const mebibytes: number[] = [];
    for (let step = 0; step < WARM_UP_STEPS + STEPS; step += 1) {
      const { failed } = await load(shot, { calls: CALLS / STEPS, connections: 8, maxSeconds: 120 });
      if (failed > 0) throw new Error(`${failed} calls failed`);
      if (step >= WARM_UP_STEPS) mebibytes.push(figuresOf(server.pid).rssBytes / 2 ** 20);
    }
    const { slope, noise } = fitLine(mebibytes);
    const row = (name: string, ours: number, target: string): BenchRow => ({
      name,
      bare: undefined,
      ours,
      unit: "MiB",
      ratio: undefined,
      target,
    });
    return [
      row("resident memory gained over 100 000 requests, native REST", slope * STEPS, "within noise"),
      row("  noise of that figure, two standard errors", 2 * noise * STEPS, ""),
      row("  resident memory at the end, all processes", mebibytes.at(-1) ?? Number.NaN, ""),
    ];
  } finally {
    await server.stop();
  }
}

/** Least squares through evenly spaced samples: the slope for one step, and its standard error. */
function fitLine(samples: readonly number[]): { readonly slope: number; readonly noise: number } {
  const count = samples.length;
  const middle = (count - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count;
  const spread = samples.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  const slope = samples.reduce((sum, sample, at) => sum + (at - middle) * (sample - mean), 0) / spread;
  const squares = samples.reduce((sum, sample, at) => sum + (sample - mean - slope * (at - middle)) ** 2, 0);
  return { slope, noise: Math.sqrt(squares / (count - 2) / spread) };
}
