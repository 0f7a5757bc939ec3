import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { send } from "./load.ts";
import { type BenchRow, pairedRow } from "./rows.ts";
import { type BenchServer, startBare, startOurs } from "./servers.ts";

/** Time from the start of the process to the first answer: of a command that ran here before, and of one that keeps no compiled code. */
export async function startRow({ rounds }: { readonly rounds: number }): Promise<BenchRow[]> {
  const home = mkdtempSync(join(tmpdir(), "bento-ts-bench-"));
  const model = "test/models/mlp-small.onnx";
  const kept = { BENTO_HOME: home, BENTO_SERVER_DRAIN_DELAY: "0s" };
  const startWarm = (): Promise<BenchServer> => startOurs(model, { workers: 1, env: kept });
  const startCold = (): Promise<BenchServer> =>
    startOurs(model, { workers: 1, env: { ...kept, NODE_DISABLE_COMPILE_CACHE: "1" } });
  const bare: number[] = [];
  const warm: number[] = [];
  const cold: number[] = [];
  try {
    // The first one compiles for the others.
    await timed(startWarm);
    for (let at = 0; at < rounds; at += 1) {
      bare.push(await timed(() => startBare(model)));
      warm.push(await timed(startWarm));
      cold.push(await timed(startCold));
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const labels = { unit: "ms", target: "≤ 1.5 ×" };
  return [
    pairedRow({ name: "start to first answer, small model, 1 worker", ...labels }, bare, warm),
    pairedRow({ name: "  the same without code compiled before", ...labels }, bare, cold),
  ];
}

async function timed(start: () => Promise<BenchServer>): Promise<number> {
  const body = JSON.stringify({ x: [[1, 2, 3, 4]] });
  const startedMs = performance.now();
  const server = await start();
  await send({ port: server.port, method: "POST", path: "/predict", body });
  const tookMs = performance.now() - startedMs;
  await server.stop();
  return tookMs;
}
