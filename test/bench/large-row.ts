import { openGrpc } from "./grpc-load.ts";
import { probe } from "./health-row.ts";
import { inferMessage, MODEL_INFER } from "./infer-message.ts";
import { percentile, send } from "./load.ts";
import { figuresOf, forgetPeak } from "./process-figures.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startBare, startBareGrpc, startOurs } from "./servers.ts";

const PAYLOAD_BYTES = 100 * 1024 * 1024;

/** What one server was seen to do with large payloads. */
interface Seen {
  readonly wallMs: number[];
  /** Peak of the resident memory of all its processes above that before the first large payload, in payloads. */
  growth: number;
}

/** 100 MB in and a number out: ModelInfer with raw contents over gRPC, the binary tensor extension over REST. */
export async function largeRow({ rounds }: { readonly rounds: number }): Promise<BenchRow[]> {
  const data = new Float32Array(PAYLOAD_BYTES / 4).fill(0.5);
  const bytes = Buffer.from(data.buffer);
  const message = inferMessage("predict", [data.length], data, "raw");
  const small = inferMessage("predict", [2], data.subarray(0, 2), "raw");
  return [
    ...(await compare("ModelInfer raw", rounds, ["≤ 1.3 ×", "≤ 3 payloads"], {
      bare: () => startBareGrpc("sum"),
      warm: (server) => callGrpc(server, small),
      call: (server) => callGrpc(server, message),
    })),
    ...(await compare("V2 binary over REST", rounds, ["≤ 1.1 ×", "≤ 2.5 payloads"], {
      bare: () => startBare("sum", { body: "binary" }),
      warm: (server) => callRest(server, bytes.subarray(0, 8)),
      call: (server) => callRest(server, bytes),
    })),
  ];
}

interface Subject {
  bare(): Promise<BenchServer>;
  warm(server: BenchServer): Promise<void>;
  call(server: BenchServer): Promise<void>;
}

async function compare(
  name: string,
  rounds: number,
  [wallTarget, growthTarget]: readonly [string, string],
  subject: Subject,
): Promise<BenchRow[]> {
  const bare = await subject.bare();
  const ours = await startOurs("test/bench/sum-service.ts", { workers: 1 });
  try {
    const seen = new Map<BenchServer, Seen>();
    const idle = new Map<BenchServer, number>();
    for (const server of [bare, ours]) {
      await subject.warm(server);
      forgetPeak(server.pid);
      idle.set(server, figuresOf(server.pid).rssBytes);
      seen.set(server, { wallMs: [], growth: 0 });
    }
    const health: number[] = [];
    for (let at = 0; at < rounds; at += 1) {
      for (const [server, { wallMs }] of seen) {
        const startMs = performance.now();
        const called = subject.call(server);
        const healthy = probe(server.port, "/healthz", { until: called });
        await called;
        wallMs.push(performance.now() - startMs);
        const { latenciesMs } = await healthy;
        if (server === ours) health.push(...latenciesMs);
      }
    }
    for (const [server, one] of seen)
      one.growth = (figuresOf(server.pid).peakBytes - (idle.get(server) ?? 0)) / PAYLOAD_BYTES;
    const [b, o] = [seen.get(bare), seen.get(ours)];
    const [bareMs, oursMs] = [b?.wallMs ?? [], o?.wallMs ?? []];
    return [
      pairedRow({ name: `100 MB in, a number out, ${name}`, unit: "ms", target: wallTarget }, bareMs, oursMs),
      {
        name: "  growth of resident memory at its peak",
        bare: b?.growth,
        ours: o?.growth ?? Number.NaN,
        unit: "payloads",
        ratio: undefined,
        target: growthTarget,
      },
      {
        name: "  /healthz meanwhile, slowest",
        bare: undefined,
        ours: percentile(
          health.sort((one, other) => one - other),
          1,
        ),
        unit: "ms",
        ratio: undefined,
        target: "",
      },
    ];
  } finally {
    await bare.stop();
    await ours.stop();
  }
}

async function callGrpc(server: BenchServer, message: Buffer): Promise<void> {
  const caller = openGrpc(server.grpcPort);
  try {
    await caller.call(MODEL_INFER, message);
  } finally {
    caller.close();
  }
}

async function callRest(server: BenchServer, bytes: Buffer): Promise<void> {
  const parameters = { binary_data_size: bytes.length };
  const input = { name: "x", shape: [bytes.length / 4], datatype: "FP32", parameters };
  const json = JSON.stringify({ id: "1", inputs: [input] });
  const status = await send({
    port: server.port,
    method: "POST",
    path: "/v2/models/predict/infer",
    body: [Buffer.from(json), bytes],
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": json.length,
    },
  });
  if (status !== 200) throw new Error(`a call of ${bytes.length} bytes was answered with ${status}`);
}
