import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type OnnxOptions, resolveOnnxOptions } from "../handle-options.ts";
import { createManagedModel } from "../managed-model.ts";
import { createTempDir } from "../temp-dir.fixture.ts";
import { tinyOnnx } from "../tiny-onnx.fixture.ts";
import type { ManagedModel, ModelHost } from "../types.ts";
import { tuneModel, type TuneOptions } from "./tune-model.ts";

const baseDir = fileURLToPath(new URL("../../../../../test/models/", import.meta.url));
const host: ModelHost = { baseDir, storeDir: `${baseDir}no-store`, cpus: 1, digests: {} };
const model = (source: string, options: OnnxOptions = {}): ManagedModel =>
  createManagedModel({ engine: "onnx", source, options: resolveOnnxOptions(source, options) });
const options: TuneOptions = {
  maxBatch: 4,
  cpus: 2,
  cpusPerWorker: 1,
  shapes: {},
  budgetMs: 400,
  now: () => performance.now(),
  signal: new AbortController().signal,
};
const waysOf = (measurements: readonly { place: string; threads: number; batch: number }[]): readonly string[] =>
  measurements.map(({ place, threads, batch }) => `${place} ${threads} ${batch}`);

describe("tuneModel", () => {
  it("measures batches with each number of threads, then a thread with what was chosen", async () => {
    const { choice, measurements, note, sample, digest } = await tuneModel(model("mlp-small.onnx"), host, {
      ...options,
      // Enough for a machine that does much else.
      budgetMs: 4_000,
    });
    const ways = waysOf(measurements);
    expect(ways).toEqual(expect.arrayContaining(["inline 1 1", "inline 1 2", "inline 2 1", "thread 1 1"]));
    expect(choice).toEqual({ threads: 1, place: "inline", batch: expect.any(Number) as number });
    expect(ways).toContain(`thread 1 ${choice.batch}`);
    expect([sample, note]).toEqual(["x: float32 [1,4]", null]);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("moves a slow model to a thread, and says which batches there was no time for", async () => {
    const { choice, measurements, note } = await tuneModel(model("slow-90ms.onnx"), host, { ...options, cpus: 1 });
    expect(choice).toEqual({ threads: 1, place: "thread", batch: 1 });
    expect(waysOf(measurements)).toEqual(["inline 1 1", "thread 1 1"]);
    expect(note).toBe("there was no time to measure batches of more than 1: a larger --budget does");
  });

  it("says that items can't be batched where a row depends on the others, as where the first axis is time", async () => {
    const path = join(await createTempDir(), "mixing.onnx");
    const value = { type: "float32", shape: ["T", 2] } as const;
    const mixing = tinyOnnx({
      inputs: [{ name: "x", ...value }],
      outputs: [{ name: "y", ...value }],
      nodes: [
        { op: "ReduceMax", inputs: ["x"], outputs: ["most"] },
        { op: "Sub", inputs: ["x", "most"], outputs: ["y"] },
      ],
    });
    await writeFile(path, mixing);
    const { choice, note } = await tuneModel(model(path), host, options);
    expect(choice.batch).toBeNull();
    expect(note).toBe("what it makes of an item depends on those beside it: items can't be batched");
  });

  it("says that items can't be batched where no axis is open for them", async () => {
    const path = join(await createTempDir(), "fixed.onnx");
    const value = { type: "float32", shape: [1, 4] } as const;
    const fixed = tinyOnnx({
      inputs: [{ name: "x", ...value }],
      outputs: [{ name: "y", ...value }],
      nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }],
    });
    await writeFile(path, fixed);
    const { choice, note } = await tuneModel(model(path), host, options);
    expect(choice.batch).toBeNull();
    expect(note).toBe("no input leaves its first axis open: items can't be batched");
  });

  it("leaves what the author has chosen", async () => {
    const fixed = model("mlp-small.onnx", { threads: 2, run: "thread", warmup: { x: [7, 4] } });
    const { choice, measurements, sample } = await tuneModel(fixed, host, options);
    expect(choice).toMatchObject({ threads: 2, place: "thread" });
    expect(new Set(measurements.map(({ threads }) => threads))).toEqual(new Set([2]));
    expect(sample).toBe("x: float32 [7,4]");
    const inline = await tuneModel(model("mlp-small.onnx", { run: "inline" }), host, options);
    expect(inline.measurements.every(({ place }) => place === "inline")).toBe(true);
  });

  it("says what to do where no sample can be run, and ends with the signal's reason", async () => {
    await expect(tuneModel(model("mlp-small.onnx"), host, { ...options, shapes: { x: [1, 5] } })).rejects.toMatchObject(
      {
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining('model "mlp-small.onnx": none of 1 made-up samples could be run') as string,
      },
    );
    const stopped = { ...options, signal: AbortSignal.abort(new Error("enough")) };
    await expect(tuneModel(model("mlp-small.onnx"), host, stopped)).rejects.toThrow("enough");
  });
});
