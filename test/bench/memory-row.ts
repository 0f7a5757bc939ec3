import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { grpcSurfaces } from "../contract/surfaces/grpc.ts";
import { httpSurfaces } from "../contract/surfaces/http.ts";
import type { Surface } from "../contract/surfaces/surface.ts";
import { bentoTs } from "../support/cli.ts";
import { root } from "../support/server-process.ts";
import { fitLine } from "./fit-line.ts";
import { figuresOf } from "./process-figures.ts";
import type { BenchRow } from "./rows.ts";
import { startOurs } from "./servers.ts";

const SERVICE = "test/soak/service.ts";
const CALLS = 100_000;
const STEPS = 20;
/** Steps at the start that are left out: the compiler and the heap are still growing into the load. */
const WARM_UP_STEPS = 5;
const CALLERS = 8;

/** The protocols that are measured, each over its transports. */
const SURFACES = [
  "native REST",
  "V2 REST, JSON",
  "V2 REST, binary",
  "KServe V1",
  "Seldon REST, ndarray",
  "native gRPC",
  "V2 gRPC, raw",
  "TF Serving gRPC",
  "Seldon gRPC",
];

/** How resident memory of all processes grows over 100 000 requests of each protocol: slope of a line through the samples, beside its noise. A new server for each. */
export async function memoryRows(): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), "bento-ts-bench-"));
  try {
    const protoFile = join(dir, "contract.proto");
    await bentoTs(["proto", `${root}${SERVICE}`, "-o", protoFile]);
    const rows: BenchRow[] = [];
    for (const name of SURFACES) rows.push(...(await memoryRow(name, protoFile)));
    return rows;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function memoryRow(name: string, protoFile: string): Promise<BenchRow[]> {
  const server = await startOurs(SERVICE, { workers: 1 });
  const addresses = {
    url: `http://127.0.0.1:${server.port}`,
    grpcAddress: `127.0.0.1:${server.grpcPort}`,
    protoFile,
  };
  const surfaces = [...httpSurfaces(addresses), ...grpcSurfaces(addresses)];
  try {
    const surface = surfaces.find((one) => one.name === name);
    if (surface === undefined) throw new Error(`no surface is named ${name}`);
    const mebibytes: number[] = [];
    for (let step = 0; step < WARM_UP_STEPS + STEPS; step += 1) {
      await callMany(surface, CALLS / STEPS);
      if (step >= WARM_UP_STEPS) mebibytes.push(figuresOf(server.pid).rssBytes / 2 ** 20);
    }
    const { slope, noise } = fitLine(mebibytes);
    const row = (label: string, ours: number, target: string): BenchRow => ({
      name: label,
      bare: undefined,
      ours,
      unit: "MiB",
      ratio: undefined,
      target,
    });
    const bounds = `within noise: ± ${(2 * noise * STEPS).toFixed(1)} MiB, two standard errors`;
    return [
      row(`resident memory gained over 100 000 requests, ${name}`, slope * STEPS, bounds),
      row("  resident memory at the end, all processes", mebibytes.at(-1) ?? Number.NaN, ""),
    ];
  } finally {
    for (const surface of surfaces) surface.close();
    await server.stop();
  }
}

async function callMany(surface: Surface, calls: number): Promise<void> {
  let left = calls;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      const number = left;
      left -= 1;
      const { values, error } = await surface.call([[number, 0.5]]);
      if (values.join() !== `${2 * number},1`) throw new Error(`${surface.name}: ${error} ${values.join()}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}
