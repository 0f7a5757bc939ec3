import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { findNativeTensorFlow } from "@bento-ts/runtime/tensorflow";
import { cpuRow } from "./cpu-row.ts";
import { writeMobileNetLike } from "./mobilenet-like.ts";
import type { BenchRow } from "./rows.ts";
import { startBareTensorFlow, startOurs } from "./servers.ts";
import { root } from "../support/server-process.ts";

/** CPU per request of SavedModels beside a bare tfjs-node handler: a small perceptron, and the convolutions of the notes model; and of a TF.js model on both libraries. What is not installed is left out. */
export async function tensorFlowRows({
  rounds,
  short,
}: {
  readonly rounds: number;
  readonly short: boolean;
}): Promise<BenchRow[]> {
  const found = findNativeTensorFlow(process.env);
  if (found === undefined)
    return leftOut("the native TensorFlow is missing, bring it with scripts/install-tensorflow.sh");
  const { addonDir } = found;
  const mlp = join(root, "test/models/tensorflow/mlp");
  const rows = await cpuRow({
    name: "CPU per request, small SavedModel, JSON, 1 worker",
    bare: () => startBareTensorFlow(addonDir, mlp, "x"),
    target: mlp,
    path: "/predict",
    body: JSON.stringify({ x: [[5.1, 3.5, 1.4, 0.2]] }),
    rounds,
    short,
  });
  rows.push(...(await wasmRows({ rounds: Math.min(rounds, 5), short })));
  const pitch = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "models/pitch/nmp");
  if (!existsSync(pitch))
    return [...rows, ...leftOut("the notes model is missing, bring it with scripts/fetch-pitch-model.sh")];
  const samples = Array.from({ length: 43_844 }, (_, at) => [
    Math.round(1e4 * Math.sin((2 * Math.PI * 440 * at) / 22_050)) / 1e4,
  ]);
  const network = await cpuRow({
    name: "CPU per request, convolutions (basic-pitch), JSON, 1 worker",
    bare: () => startBareTensorFlow(addonDir, pitch, "input_2"),
    target: pitch,
    path: "/predict",
    body: JSON.stringify({ input_2: [samples] }),
    rounds: Math.min(rounds, 5),
    short,
    calls: 40,
  });
  return [...rows, ...network];
}

/** Our server with the native TensorFlow beside itself with WebAssembly ("bare" here), on a network of convolutions. */
async function wasmRows(options: { readonly rounds: number; readonly short: boolean }): Promise<BenchRow[]> {
  const work = mkdtempSync(join(tmpdir(), "bento-bench-tfjs-"));
  try {
    const model = join(work, "mobilenet");
    writeMobileNetLike(model);
    const picture = Array.from({ length: 160 }, (_, row) =>
      Array.from({ length: 160 }, (__, column) => [row / 160, column / 160, 0.5]),
    );
    return await cpuRow({
      name: "CPU per request, MobileNet-like TF.js model, native against WebAssembly",
      // A home without the native TensorFlow.
      bare: () => startOurs(model, { workers: 1, env: { BENTO_HOME: work } }),
      target: model,
      path: "/predict",
      body: JSON.stringify({ x_input: [picture] }),
      calls: 60,
      aim: "",
      ...options,
    });
  } finally {
    rmSync(work, { recursive: true });
  }
}

function leftOut(reason: string): [] {
  process.stderr.write(`left out: ${reason}\n`);
  return [];
}
