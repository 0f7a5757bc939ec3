import { loadGrpc } from "./grpc-load.ts";
import { inferMessage, MODEL_INFER } from "./infer-message.ts";
import { type LoadResult, median, percentile } from "./load.ts";
import { figuresOf } from "./process-figures.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startBareGrpc, startOurs } from "./servers.ts";

const CONNECTIONS = 8;

interface Round {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** CPU per call of ModelInfer with raw contents of a small model; rounds alternate, so that both see the same machine. */
export async function grpcCpuRow({
  rounds,
  short,
}: {
  readonly rounds: number;
  readonly short: boolean;
}): Promise<BenchRow[]> {
  const bare = await startBareGrpc("test/models/mlp-small.onnx");
  const ours = await startOurs("test/models/mlp-small.onnx", { workers: 1 });
  const message = inferMessage("predict", [1, 4], Float32Array.of(5.1, 3.5, 1.4, 0.2), "raw");
  const [calls, maxSeconds] = short ? [3_000, 5] : [10_000, 60];
  try {
    const bareRounds: Round[] = [];
    const oursRounds: Round[] = [];
    for (const server of [bare, ours]) await grpcRound(server, message, calls, maxSeconds);
    for (let at = 0; at < rounds; at += 1) {
      bareRounds.push(await grpcRound(bare, message, calls, maxSeconds));
      oursRounds.push(await grpcRound(ours, message, calls, maxSeconds));
    }
    const rowOf = (name: string, unit: string, key: keyof Round, target: string): BenchRow =>
      pairedRow(
        { name, unit, target },
        bareRounds.map((one) => one[key]),
        oursRounds.map((one) => one[key]),
      );
    return [
      rowOf("CPU per call, ModelInfer raw, small model, 1 worker", "µs", "cpuMicros", "≤ 1.2 ×"),
      rowOf("  calls per second", "/s", "perSecond", ""),
      rowOf("  latency p99", "ms", "p99Ms", ""),
    ];
  } finally {
    await bare.stop();
    await ours.stop();
  }
}

/** CPU per call of ModelInfer with a megabyte in typed contents, beside the same in raw ones; both by our server. */
export async function typedRow({
  rounds,
  short,
}: {
  readonly rounds: number;
  readonly short: boolean;
}): Promise<BenchRow[]> {
  const ours = await startOurs("test/models/identity-float32.onnx", { workers: 1 });
  const bare = await startBareGrpc("test/models/identity-float32.onnx");
  const data = Float32Array.from({ length: 250_000 }, (_, at) => Math.fround(at * 0.37));
  const [raw, typed] = (["raw", "typed"] as const).map((contents) =>
    inferMessage("predict", [data.length], data, contents),
  );
  const [calls, maxSeconds] = short ? [60, 5] : [200, 60];
  try {
    const [oursRaw, oursTyped, bareTyped]: number[][] = [[], [], []];
    for (let at = 0; at <= rounds; at += 1) {
      const round = [
        await grpcRound(ours, raw ?? Buffer.alloc(0), calls, maxSeconds),
        await grpcRound(ours, typed ?? Buffer.alloc(0), calls, maxSeconds),
        await grpcRound(bare, typed ?? Buffer.alloc(0), Math.min(calls, 60), maxSeconds),
      ];
      // The first round warms up.
      if (at === 0) continue;
      for (const [index, list] of [oursRaw, oursTyped, bareTyped].entries())
        list?.push(round[index]?.cpuMicros ?? Number.NaN);
    }
    const [rawCpu, typedCpu] = [median(oursRaw ?? []), median(oursTyped ?? [])];
    return [
      {
        name: "CPU per call, fp32 of 1 MB in and out, typed (bare: ours with raw contents)",
        bare: rawCpu,
        ours: typedCpu,
        unit: "µs",
        ratio: typedCpu / rawCpu,
        target: "≤ 2 ×",
      },
      {
        name: "  the same typed, beside the bare handler",
        bare: median(bareTyped ?? []),
        ours: typedCpu,
        unit: "µs",
        ratio: typedCpu / median(bareTyped ?? []),
        target: "",
      },
    ];
  } finally {
    await ours.stop();
    await bare.stop();
  }
}

async function grpcRound(server: BenchServer, message: Buffer, calls: number, maxSeconds: number): Promise<Round> {
  const before = figuresOf(server.pid);
  const shot = { port: server.grpcPort, path: MODEL_INFER, message };
  const result: LoadResult = await loadGrpc(shot, { calls, connections: CONNECTIONS, maxSeconds });
  const after = figuresOf(server.pid);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.calls} calls failed`);
  return {
    cpuMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / result.calls,
    perSecond: result.calls / result.seconds,
    p99Ms: percentile(result.latenciesMs, 0.99),
  };
}
