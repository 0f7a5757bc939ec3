import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findNativeTensorFlow } from "@bento-ts/runtime/tensorflow";
import { cpuRow } from "./cpu-row.ts";
import type { BenchRow } from "./rows.ts";
import { startBareTensorFlow } from "./servers.ts";
import { root } from "../support/server-process.ts";

/** CPU per request of SavedModels beside a bare tfjs-node handler: a small perceptron, and the convolutions of the notes model. What is not installed is left out. */
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

function leftOut(reason: string): [] {
  process.stderr.write(`left out: ${reason}\n`);
  return [];
}
