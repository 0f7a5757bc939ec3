import { createHash } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NamedTensors } from "../tensor/tensor.ts";
import { type OnnxOptions, resolveOnnxOptions } from "./handle-options.ts";
import { createManagedModel } from "./managed-model.ts";
import { tinyOnnx } from "./tiny-onnx.fixture.ts";
import type { ManagedModel, ModelHost, RunPlace, WarmUpReport } from "./types.ts";
import { createTempDir } from "./temp-dir.fixture.ts";

const baseDir = fileURLToPath(new URL("../../../../test/models/", import.meta.url));
const host: ModelHost = { baseDir, storeDir: `${baseDir}no-store`, cpus: 1, digests: {} };
const row: NamedTensors = { x: { dtype: "float32", shape: [1, 4], data: new Float32Array([1, 2, 3, 4]) } };
const plusOne: NamedTensors = { y: { dtype: "float32", shape: [1, 4], data: new Float32Array([2, 3, 4, 5]) } };

let threads: Worker[];
let models: ManagedModel[];
const noteThread = (worker: Worker): unknown => threads.push(worker);

beforeEach(() => {
  threads = [];
  models = [];
  process.on("worker", noteThread);
});

afterEach(async () => {
  process.off("worker", noteThread);
  for (const model of models) await model.dispose();
});

/** A model whose clock moves on by `runMs` with each reading, so that each run seems to take as long. */
function create(source: string, options: OnnxOptions = {}, runMs = 1): ManagedModel {
  let time = 0;
  const model = createManagedModel(
    { engine: "onnx", source, options: resolveOnnxOptions(source, options) },
    { now: () => (time += runMs) },
  );
  models.push(model);
  return model;
}

async function load(source: string, options: OnnxOptions = {}, runMs = 1): Promise<ManagedModel> {
  const model = create(source, options, runMs);
  await model.load(host);
  return model;
}

describe("warming a model up", () => {
  it("leaves a fast model inline", async () => {
    const model = await load("add-one.onnx", {}, 5);
    expect(await model.warmUp()).toEqual({
      source: "add-one.onnx",
      place: "inline",
      runs: 20,
      p95Ms: 5,
      sample: "x: float32 [1,4]",
      note: undefined,
    });
    expect(model.place).toBe("inline");
    expect(threads).toHaveLength(0);
  });

  it("moves a model whose runs take more than 5 ms to a thread, where it gives the same answers", async () => {
    const model = await load("add-one.onnx", {}, 5.1);
    expect(await model.warmUp()).toMatchObject({ place: "thread", p95Ms: expect.closeTo(5.1) });
    expect(model.place).toBe("thread");
    expect(threads).toHaveLength(1);
    expect(await model.handle.run(row)).toEqual(plusOne);
  });

  it("measures a slow model as slow", async () => {
    const model = createManagedModel({
      engine: "onnx",
      source: "slow-90ms.onnx",
      options: resolveOnnxOptions("slow-90ms.onnx", {}),
    });
    models.push(model);
    await model.load(host);
    expect(await model.warmUp()).toMatchObject({ place: "thread" });
  });

  it("keeps the place that was chosen, whatever it measures", async () => {
    expect(await (await load("add-one.onnx", { run: "inline" }, 50)).warmUp()).toMatchObject({
      place: "inline",
      p95Ms: 50,
    });
    expect(await (await load("add-one.onnx", { run: "thread" }, 1)).warmUp()).toMatchObject({
      place: "thread",
      p95Ms: 1,
    });
    expect(threads).toHaveLength(1);
  });

  it("runs on a thread what it could not measure, and says why", async () => {
    const off = await load("add-one.onnx", { warmup: false });
    expect(await off.warmUp()).toEqual({
      source: "add-one.onnx",
      place: "thread",
      runs: 0,
      p95Ms: undefined,
      sample: undefined,
      note: "warm-up is off",
    });
    const path = join(await createTempDir(), "seven.onnx");
    // Leaves its second size open, and takes 7 alone.
    const seven = tinyOnnx({
      inputs: [{ name: "x", type: "float32", shape: ["", ""] }],
      outputs: [{ name: "y", type: "float32", shape: ["", ""] }],
      nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
      zeros: { w: [7, 1] },
    });
    await writeFile(path, seven);
    const unmeasured = await load(path);
    expect(await unmeasured.warmUp()).toMatchObject({
      place: "thread",
      runs: 0,
      note: 'none of 7 made-up samples could be run; pass shapes that it takes: warmup: { "x": […] }',
    });
    const x = { dtype: "float32", shape: [1, 7], data: new Float32Array(7) } as const;
    expect(await unmeasured.handle.run({ x })).toEqual({
      y: { dtype: "float32", shape: [1, 1], data: new Float32Array(1) },
    });
    expect(await (await load(path, { warmup: { x: [2, 7] } })).warmUp()).toMatchObject({
      place: "inline",
      sample: "x: float32 [2,7]",
    });
  });

  it("runs as it was measured instead of measuring again, where its author has chosen nothing", async () => {
    const digest = `sha256:${createHash("sha256")
      .update(await readFile(join(baseDir, "add-one.onnx")))
      .digest("hex")}`;
    const tuned = { [digest]: { threads: 2, place: "thread", batch: 8 } } as const;
    const load = async (options: OnnxOptions): Promise<WarmUpReport> => {
      const model = create("add-one.onnx", options, 1);
      await model.load({ ...host, tuned });
      expect(await model.handle.run(row)).toEqual(plusOne);
      return model.warmUp();
    };
    expect(await load({})).toMatchObject({ place: "thread", tuned: { threads: 2, place: "thread", batch: 8 } });
    expect(await load({ threads: 1 })).toMatchObject({ place: "thread", tuned: { place: "thread", batch: 8 } });
    expect(await load({ run: "inline" })).toMatchObject({ place: "inline", tuned: { threads: 2, batch: 8 } });
    expect(await load({ warmup: false })).toMatchObject({ place: "thread", runs: 0 });
    expect(threads).toHaveLength(3);
  });

  it("leaves a slow model inline that was measured to belong there, and goes by nothing that was measured of another", async () => {
    const content = await readFile(join(baseDir, "add-one.onnx"));
    const choice = { threads: 1, place: "inline", batch: null } as const;
    const own = create("add-one.onnx", {}, 50);
    await own.load({ ...host, tuned: { [`sha256:${createHash("sha256").update(content).digest("hex")}`]: choice } });
    expect(await own.warmUp()).toMatchObject({ place: "inline", p95Ms: 50 });
    const other = create("add-one.onnx", {}, 50);
    await other.load({ ...host, tuned: { [`sha256:${"0".repeat(64)}`]: choice } });
    expect(await other.warmUp()).toMatchObject({ place: "thread", tuned: undefined });
  });

  it("uses the shapes that are given", async () => {
    const model = await load("mlp-small.onnx", { warmup: { x: [32, 4] } });
    expect(await model.warmUp()).toMatchObject({ sample: "x: float32 [32,4]", runs: 20 });
  });
});

describe("loading a model", () => {
  it("tells the file and its digest", async () => {
    const model = await load("add-one.onnx");
    expect(model.file?.path).toBe(join(baseDir, "add-one.onnx"));
    expect(model.file?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("refuses a model that is not as it was declared, with what it is", async () => {
    const wrong = create("two-inputs.onnx", {
      outputs: { sum: "int64", differences: "float32" },
      warmup: { a: [1, 5], c: [1] },
    });
    await expect(wrong.load(host)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        'model "two-inputs.onnx": output "sum" was declared as int64, it is float32; ' +
        'unknown output "differences" (did you mean "difference"?); warmup: input "a" is [N,4], got the shape [1,5]; ' +
        'unknown warmup: input "c"; ' +
        "the model takes a: float32 [N,4]; b: float32 [N,4] and gives sum: float32 [N,4]; difference: float32 [N,4]",
    });
    const left = create("zipmap.onnx", { outputs: { probabilities: "float32" } });
    await expect(left.load(host)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(
        'output "probabilities" can\'t be had: it is a sequence of map(int64 → float32), not a tensor',
      ),
    });
  });

  it("names the source when the engine refuses the file", async () => {
    const broken = create("./broken.onnx");
    await expect(broken.load(host)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^model "\.\/broken\.onnx".*is not a readable ONNX model/),
    });
    await broken.drain();
    await broken.dispose();
  });

  it("happens once", async () => {
    const model = await load("add-one.onnx");
    await expect(model.load(host)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("was loaded before"),
    });
  });
});

describe("a model in use", () => {
  it("says by which call a model of another engine is made", async () => {
    await expect(load("tensorflow/mlp")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: 'model "tensorflow/mlp" is a SavedModel: make its handle with tensorflow(), not onnx()',
    });
  });

  it("tells the time of each run and where it was", async () => {
    const runs: { source: string; place: RunPlace; ms: number }[] = [];
    for (const run of ["inline", "thread"] as const) {
      const model = create("add-one.onnx", { run });
      await model.load({ ...host, onRun: (done) => runs.push(done) });
      await model.handle.run(row);
    }
    expect(runs).toEqual([
      { source: "add-one.onnx", place: "inline", ms: expect.any(Number) },
      { source: "add-one.onnx", place: "thread", ms: expect.any(Number) },
    ]);
  });

  it.each(["inline", "thread"] as const)("finishes %s runs when it is drained and takes no more", async (run) => {
    const model = await load("slow-90ms.onnx", { run });
    const runs = [model.handle.run(row), model.handle.run(row)];
    let drained = false;
    const draining = model.drain().then(() => (drained = true));
    await expect(model.handle.run(row)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: 'model "slow-90ms.onnx" is shutting down',
    });
    await runs[0];
    expect(drained).toBe(false);
    expect(await runs[1]).toEqual({ y: row["x"] });
    await draining;
    await model.dispose();
    expect(model.place).toBeUndefined();
  });

  it("keeps answering while it moves to a thread", async () => {
    const model = await load("add-one.onnx", {}, 10);
    const warming = model.warmUp();
    const results = [];
    while (model.place === "inline") results.push(await model.handle.run(row));
    await warming;
    results.push(await model.handle.run(row));
    expect(results.length).toBeGreaterThan(1);
    expect(results.every((result) => JSON.stringify(result) === JSON.stringify(plusOne))).toBe(true);
  });

  it("passes on that its thread ended, for the log and for probes", async () => {
    const incidents: unknown[] = [];
    const model = create("add-one.onnx", { run: "thread" });
    await model.load({ ...host, onIncident: (error) => incidents.push(error) });
    expect(model.trouble).toBeUndefined();
    threads[0]?.postMessage(null);
    await vi.waitFor(() => expect(incidents).toHaveLength(1), 10_000);
    expect(incidents).toMatchObject([
      {
        code: "UNAVAILABLE",
        message: 'model "add-one.onnx": the thread that runs the model ended; it is being replaced',
      },
    ]);
    await vi.waitFor(() => expect(model.trouble).toBeUndefined(), 10_000);
    expect(await model.handle.run(row)).toEqual(plusOne);
  });

  it("reports a replacement that can't be loaded, and tries again", async () => {
    const dir = await createTempDir();
    const path = join(dir, "model.onnx");
    await copyFile(join(baseDir, "add-one.onnx"), path);
    const incidents: Error[] = [];
    const model = create(path, { run: "thread" });
    await model.load({ ...host, onIncident: (error) => incidents.push(error) });
    await writeFile(path, "no model any more");
    threads[0]?.postMessage(null);
    await vi.waitFor(
      () => expect(incidents.at(-1)?.message).toContain("could not be replaced, it is tried again"),
      10_000,
    );
    await copyFile(join(baseDir, "add-one.onnx"), path);
    await vi.waitFor(() => expect(model.trouble).toBeUndefined(), 10_000);
    expect(await model.handle.run(row)).toEqual(plusOne);
  });
});
