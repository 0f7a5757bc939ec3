// npm run bench: our server beside a bare fastify + onnxruntime-node handler, interleaved rounds in one run; with --peers beside servers of others, which
// scripts/install-peers.sh brings. Prints ratios, judges nothing.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { abuseRow } from "./abuse-row.ts";
import { batchingRow } from "./batching-row.ts";
import { cpuRow } from "./cpu-row.ts";
import { grpcCpuRow, typedRow } from "./grpc-cpu-row.ts";
import { healthRow } from "./health-row.ts";
import { imageRow } from "./image-row.ts";
import { largeRow } from "./large-row.ts";
import { memoryRows } from "./memory-row.ts";
import { overloadRow } from "./overload-row.ts";
import { peerRows } from "./peer-rows.ts";
import { pitchRow } from "./pitch-row.ts";
import { type BenchRow, printRows } from "./rows.ts";
import { scalingRow } from "./scaling-row.ts";
import { securedRow } from "./secured-row.ts";
import { startBare } from "./servers.ts";
import { startRow } from "./start-row.ts";
import { tensorFlowRows } from "./tensorflow-rows.ts";
import { tuneRow } from "./tune-row.ts";

const short = process.argv.includes("--short");
const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice(7);
const root = new URL("../../", import.meta.url).pathname;
const rounds = short ? 3 : 7;

const frame = readFileSync(`${root}examples/boston/examples/boston10.json`, "utf8");
const inference = JSON.stringify({
  id: "1",
  inputs: [{ name: "x", shape: [1, 4], datatype: "FP32", data: [5.1, 3.5, 1.4, 0.2] }],
});
const nested = JSON.stringify({ x: [[5.1, 3.5, 1.4, 0.2]] });

const plan: readonly { readonly name: string; run(): Promise<BenchRow[]> }[] = [
  {
    name: "cpu-tensor",
    run: () =>
      cpuRow({
        name: "CPU per request, small model, JSON tensor, 1 worker",
        bare: () => startBare("test/models/mlp-small.onnx", { body: "nested" }),
        target: "test/models/mlp-small.onnx",
        path: "/predict",
        body: nested,
        rounds,
        short,
      }),
  },
  {
    name: "cpu-frame",
    run: () =>
      cpuRow({
        name: "CPU per request, random forest, data frame of 10 rows, 1 worker",
        bare: () => startBare("examples/boston/models/bos_rf.onnx", { body: "frame" }),
        target: "examples/boston",
        path: "/score",
        body: frame,
        rounds,
        short,
      }),
  },
  {
    name: "cpu-v2",
    run: () =>
      cpuRow({
        name: "CPU per request, small model, V2 JSON over REST, 1 worker",
        bare: () => startBare("test/models/mlp-small.onnx", { body: "v2" }),
        target: "test/models/mlp-small.onnx",
        path: "/v2/models/predict/infer",
        body: inference,
        rounds,
        short,
      }),
  },
  { name: "cpu-tensorflow", run: () => tensorFlowRows({ rounds, short }) },
  { name: "pitch", run: pitchRow },
  { name: "cpu-grpc", run: () => grpcCpuRow({ rounds, short }) },
  { name: "typed-grpc", run: () => typedRow({ rounds, short }) },
  { name: "secured-rest", run: () => securedRow({ transport: "rest", rounds, short }) },
  { name: "secured-grpc", run: () => securedRow({ transport: "grpc", rounds, short }) },
  { name: "abuse", run: () => abuseRow({ short }) },
  { name: "large", run: () => largeRow({ rounds: short ? 3 : 7 }) },
  { name: "health", run: () => healthRow({ short }) },
  { name: "batching", run: () => batchingRow({ rounds: short ? 3 : 5, short }) },
  { name: "tune", run: () => tuneRow({ short }) },
  { name: "overload", run: () => overloadRow({ short }) },
  { name: "scaling", run: () => scalingRow({ short }) },
  { name: "start", run: () => startRow({ rounds: short ? 3 : 5 }) },
  // Too long for the quick form.
  ...(short
    ? []
    : [
        { name: "image", run: imageRow },
        { name: "memory", run: memoryRows },
      ]),
];

async function run(): Promise<{ readonly rows: readonly BenchRow[]; readonly notes: readonly string[] }> {
  if (process.argv.includes("--peers"))
    return peerRows(short ? { warmUp: 3_000, rounds: 3, calls: 3_000 } : { warmUp: 20_000, rounds: 7, calls: 5_000 });
  const rows: BenchRow[] = [];
  for (const part of plan) {
    if (only !== undefined && part.name !== only) continue;
    process.stdout.write(`… ${part.name}\n`);
    rows.push(...(await part.run()));
  }
  return { rows, notes: [] };
}

const { rows, notes } = await run();
printRows(rows, notes.length > 0 ? "peer" : "bare");
for (const note of notes) process.stdout.write(`${note}\n`);
const results = `${root}test/bench/results`;
mkdirSync(results, { recursive: true });
const file = `${results}/${new Date().toISOString().replaceAll(":", "-")}.json`;
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
writeFileSync(file, JSON.stringify({ time: new Date().toISOString(), ...machine, short, rows, notes }, null, 2));
process.stdout.write(`\nwritten to ${file}\n`);
