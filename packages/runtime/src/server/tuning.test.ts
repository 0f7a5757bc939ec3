import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { createTempDir } from "../models/temp-dir.fixture.ts";
import type { TuneFile, TuneMeasurement } from "../models/tune/tune-file.ts";
import type { RunPlace } from "../models/types.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { ModelState } from "../telemetry/readiness.ts";
import { findTuning, tellTuning, type Tuning } from "./tuning.ts";

const digest = `sha256:${"a".repeat(64)}`;
const choice = { threads: 1, place: "inline", batch: 8 } as const;
const measured = (place: RunPlace, threads: number, batch: number): TuneMeasurement => {
  return { place, threads, batch, runs: 9, p50Ms: batch / 2, p95Ms: batch };
};
const measurements = [
  measured("inline", 1, 1),
  measured("inline", 1, 8),
  measured("inline", 2, 8),
  measured("thread", 1, 8),
];
const file: TuneFile = {
  formatVersion: 1,
  machine: { cpuModel: "AMD EPYC", cpus: 2, cpusPerWorker: 1 },
  models: [{ model: "a.onnx", digest, engine: "onnx", measuredAt: "", sample: "", choice, note: null, measurements }],
};

function listeningLog() {
  const lines: { level: string; message: string }[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as { level: string; message: string }) };
  return { log: createLogger({ level: "info", format: "json", destination }), lines };
}

async function find(content: string | undefined, over: { cpus?: number; cpusPerWorker?: number; env?: string } = {}) {
  const dir = await createTempDir();
  if (content !== undefined) await writeFile(join(dir, "bento.tune.json"), content);
  const { log, lines } = listeningLog();
  const { config } = await loadConfig({ env: over.env === undefined ? {} : { BENTO_SERVER_TUNING: over.env } });
  const tuning = await findTuning(dir, { config, cpus: over.cpus ?? 2, cpusPerWorker: over.cpusPerWorker ?? 1, log });
  return { tuning, lines };
}

describe("findTuning", () => {
  it("gives the choices by digest under the CPU limit that they were measured under", async () => {
    expect(await find(JSON.stringify(file))).toEqual({
      tuning: {
        choices: { [digest]: choice },
        batches: {
          [digest]: {
            maxSize: 8,
            measured: [
              { rows: 1, ms: 0.5 },
              { rows: 8, ms: 4 },
            ],
          },
        },
      },
      lines: [],
    });
  });

  it("joins no calls of a model that takes no batches or gains nothing from them", async () => {
    const [model] = file.models;
    const models = [1, null].map((batch) => ({ ...model, choice: { ...choice, batch } }));
    for (const one of models)
      expect((await find(JSON.stringify({ ...file, models: [one] }))).tuning?.batches).toEqual({});
  });

  it("warns once and uses nothing under another CPU limit, or with other workers", async () => {
    const { tuning, lines } = await find(JSON.stringify(file), { cpus: 4, cpusPerWorker: 2 });
    expect(tuning).toBeUndefined();
    expect(lines).toMatchObject([
      {
        level: "warn",
        message:
          'bento.tune.json is not used: it was measured with 2 CPUs, 1 a worker, here are 4 CPUs, 2 a worker; run "bento-ts tune" again',
      },
    ]);
    expect((await find(JSON.stringify(file), { cpusPerWorker: 2 })).lines).toHaveLength(1);
  });

  it("warns of a file that can't be used, and says nothing where there is none or it is switched off", async () => {
    const { tuning, lines } = await find("{");
    expect(tuning).toBeUndefined();
    expect(lines).toMatchObject([{ level: "warn", message: expect.stringContaining("it is no JSON") as string }]);
    expect(await find(undefined)).toEqual({ tuning: undefined, lines: [] });
    expect(await find("{", { env: "false" })).toEqual({ tuning: undefined, lines: [] });
  });
});

describe("tellTuning", () => {
  const model = (source: string, tuned: ModelState["tuned"]): ModelState => ({
    source,
    place: "inline",
    p95Ms: 1,
    tuned,
    note: undefined,
    digest: undefined,
    replacement: undefined,
    warning: undefined,
  });
  const tell = (tuning: Tuning | undefined, ...models: readonly ModelState[]) => {
    const { log, lines } = listeningLog();
    const worker = { id: 0, pid: 1, phase: "ready", restarts: 0, models, note: undefined } as const;
    tellTuning(log, tuning, { phase: "serving", ready: true, workers: [worker, { ...worker, id: 1 }] });
    return lines.map(({ level, message }) => [level, message]);
  };

  it("says which models run as measured, and which have changed since", () => {
    expect(tell({ choices: {}, batches: {} }, model("a.onnx", { threads: 1 }), model("b.onnx", undefined))).toEqual([
      ["info", 'model "a.onnx" runs as bento.tune.json says'],
      [
        "warn",
        'bento.tune.json was measured with other models than "b.onnx", which runs untuned; run "bento-ts tune" again',
      ],
    ]);
    expect(tell(undefined, model("b.onnx", undefined))).toEqual([]);
  });
});
