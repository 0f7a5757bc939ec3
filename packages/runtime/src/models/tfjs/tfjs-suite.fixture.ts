import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import { createInlineExecutor } from "../executor.ts";
import { goldenCalls } from "../tensorflow/golden.fixture.ts";
import type { LoadedModel, ModelSpec } from "../types.ts";
import { loadTfjsModel } from "./load-tfjs-model.ts";
import { loadTfjs } from "./tfjs-library.ts";

/** Folder of the committed TF.js models. */
export const TFJS_MODELS = fileURLToPath(new URL("../../../../../test/models/tfjs", import.meta.url));

/** What holds of TF.js models whatever computes them; the suite of a file that has chosen the library. */
export function itRunsTfjsModels(): void {
  it.each(["mlp-graph", "mlp-layers"])("%s agrees with TensorFlow for Python within 1e-6", async (name) => {
    const model = await load(name);
    const input = model.info.inputs[0]?.name ?? "";
    for (const { feeds, results } of goldenCalls("mlp")) {
      const got = (await run(model, { [input]: tensorOf(feeds, "x") }))["probabilities"];
      const wanted = tensorOf(results, "probabilities");
      expect(got?.shape).toEqual(wanted.shape);
      const values = Array.from<unknown>(got?.data ?? []);
      const differences = Array.from<unknown>(wanted.data).map((value, at) =>
        Math.abs(Number(value) - Number(values[at])),
      );
      expect(Math.max(0, ...differences)).toBeLessThanOrEqual(1e-6);
    }
  });

  it("tell the names, dtypes and shapes of both kinds", async () => {
    expect((await load("mlp-graph")).info).toMatchObject({
      inputs: [{ name: "x", dtype: "float32", shape: [null, 4] }],
      outputs: [{ name: "probabilities", dtype: "float32", shape: [null, 3] }],
    });
    expect((await load("mlp-layers")).info).toMatchObject({
      inputs: [{ name: "hidden_input", dtype: "float32", shape: [null, 4] }],
      outputs: [{ name: "probabilities", dtype: "float32", shape: [null, 3] }],
    });
  });

  it("carry every element type that the library has, and int64 as far as 32 bits go", async () => {
    const feeds: NamedTensors = {
      bool: { dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) },
      float32: { dtype: "float32", shape: [2], data: Float32Array.of(0.5, -1e30) },
      int32: { dtype: "int32", shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
      int64: { dtype: "int64", shape: [2], data: BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n) },
      int8: { dtype: "int8", shape: [2], data: Int8Array.of(-128, 127) },
      string: { dtype: "string", shape: [2], data: ["größer", ""] },
      uint8: { dtype: "uint8", shape: [2], data: Uint8Array.of(0, 255) },
    };
    expect(await run(await load("kinds"), feeds)).toEqual({
      bools: { dtype: "bool", shape: [4], data: Uint8Array.of(1, 0, 1, 0) },
      float32s: { dtype: "float32", shape: [4], data: Float32Array.of(0.5, -1e30, 0.5, -1e30) },
      int32s: { dtype: "int32", shape: [4], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1) },
      int64s: {
        dtype: "int64",
        shape: [4],
        data: BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n, -(2n ** 31n), 2n ** 31n - 1n),
      },
      int8s: { dtype: "int8", shape: [4], data: Int8Array.of(-128, 127, -128, 127) },
      strings: { dtype: "string", shape: [4], data: ["größer", "", "größer", ""] },
      uint8s: { dtype: "uint8", shape: [4], data: Uint8Array.of(0, 255, 0, 255) },
    });
    const large = { ...feeds, int64: { dtype: "int64", shape: [1], data: BigInt64Array.of(2n ** 31n) } } as const;
    await expect(async () => run(await load("kinds"), large)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        'input "int64": element 0: expected a number of 32 bits, in which TensorFlow.js computes int64, got 2147483648',
    });
  });

  it("decode weights of 8 bits and of float16", async () => {
    // By hand: 2 · [-1, -0.5, 0, 0.5] + [1.5, -2, 0.25, 8].
    expect(await run(await load("quantised"), { x: floats([1, 4], 2, 2, 2, 2) })).toEqual({
      y: floats([1, 4], -0.5, -3, 0.25, 9),
    });
  });

  it("take several inputs and give the outputs that were asked for", async () => {
    const feeds = { a: floats([1, 2], 1, 2), b: floats([1, 2], 10, 20) };
    expect(await run(await load("two-layers"), feeds)).toEqual({
      sum: floats([1, 2], 11, 22),
      both: floats([1, 4], 1, 2, 10, 20),
    });
    expect(await run(await load("two-layers", { outputs: ["both"] }), feeds)).toEqual({
      both: floats([1, 4], 1, 2, 10, 20),
    });
    const none = { a: floats([0, 2]), b: floats([0, 2]) };
    expect(await run(await load("two-layers"), none)).toEqual({ sum: floats([0, 2]), both: floats([0, 4]) });
  });

  it("look texts up in a table that their initialiser fills, and find places that depend on values", async () => {
    const text: Tensor = { dtype: "string", shape: [3], data: ["größer", "red", "nobody"] };
    expect(await run(await load("lookup"), { text })).toEqual({
      id: { dtype: "int32", shape: [3], data: Int32Array.of(3, 1, -1) },
    });
    const x = { dtype: "bool", shape: [4], data: Uint8Array.of(0, 1, 0, 1) } as const;
    expect(await run(await load("where"), { x })).toEqual({
      at: { dtype: "int64", shape: [2, 1], data: BigInt64Array.of(1n, 3n) },
    });
  });

  it("that a caller's data makes fail say so without the library's words, and run on", async () => {
    const model = await load("reshape");
    const x = floats([4], 1, 2, 3, 4);
    const shape = (...sizes: number[]) => ({ dtype: "int32", shape: [2], data: Int32Array.from(sizes) }) as const;
    await expect(async () => run(model, { x, shape: shape(3, 3) })).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'model "reshape" failed while it ran',
      cause: expect.any(Error) as Error,
    });
    expect(await run(model, { x, shape: shape(2, 2) })).toEqual({ y: floats([2, 2], 1, 2, 3, 4) });
  });

  it("never give a caller's own memory back", async () => {
    const x = floats([4], 1, 2, 3, 4);
    const shape = { dtype: "int32", shape: [2], data: Int32Array.of(2, 2) } as const;
    const { y } = await run(await load("reshape"), { x, shape });
    x.data.fill(0);
    expect(y).toEqual(floats([2, 2], 1, 2, 3, 4));
  });

  it(
    "keep no tensor over 5,000 runs, whether they end well, fail, are refused, cancelled or answer later",
    { timeout: 120_000 },
    async () => {
      const [graph, reshape, lookup, layers] = await Promise.all(
        ["mlp-graph", "reshape", "lookup", "two-layers"].map((name) => load(name)),
      );
      const x = floats([1000], ...new Float32Array(1000));
      const shape = (...sizes: number[]) => ({ dtype: "int32", shape: [2], data: Int32Array.from(sizes) }) as const;
      const text: Tensor = { dtype: "string", shape: [1], data: ["red"] };
      const pair = { a: floats([1, 2], 1, 2), b: floats([1, 2], 1, 2) };
      const cancelled = createInlineExecutor(await load("two-layers"));
      const tries = [
        () => graph?.run({ x: floats([1, 4], 1, 2, 3, 4) }),
        () => reshape?.run({ x, shape: shape(10, 100) }),
        () => reshape?.run({ x, shape: shape(11, 11) }),
        () => reshape?.run({ x }),
        () => lookup?.run({ text }),
        () => lookup?.run({ text: floats([1], 1) }),
        () => layers?.run(pair),
        () => cancelled.run(pair, { signal: AbortSignal.abort() }),
        () => cancelled.run(pair, {}),
        () => layers?.run({ ...pair, b: floats([1, 3], 1, 2, 3) }),
      ];
      await runTries(tries, 80);
      const { tf } = await loadTfjs("", "the test");
      const [tensors, before] = [tf.memory().numTensors, anonymousMiB()];
      expect(await runTries(tries, 5000)).toBe(2500);
      expect(tf.memory().numTensors).toBe(tensors);
      // A feed has 4 KB: 5,000 that stayed in native memory would be 20 MB.
      expect(anonymousMiB() - before).toBeLessThan(60);
      await cancelled.close();
      for (const model of [graph, reshape, lookup, layers]) await model?.dispose();
    },
  );

  it("give all memory back when they are disposed of, and when they are refused half-way", async () => {
    const { tf } = await loadTfjs("", "the test");
    const before = tf.memory().numTensors;
    for (const name of ["mlp-graph", "mlp-layers", "quantised"]) await (await load(name)).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
}

/** Loads a committed TF.js model. */
export function load(name: string, choice: Partial<ModelSpec> = {}): Promise<LoadedModel> {
  return loadTfjsModel({ ...specOf(`${TFJS_MODELS}/${name}/model.json`), ...choice });
}

/** A spec with the defaults. */
export function specOf(path: string): ModelSpec {
  const session = {
    graphOptimizationLevel: "all",
    enableCpuMemArena: true,
    enableMemPattern: true,
    sharedWeights: false,
  } as const;
  return { path, threads: 1, outputs: undefined, signature: undefined, session };
}

async function run(model: LoadedModel, feeds: NamedTensors): Promise<NamedTensors> {
  return model.run(feeds);
}

function floats(shape: readonly number[], ...values: number[]) {
  return { dtype: "float32", shape, data: Float32Array.from(values) } as const;
}

function tensorOf(named: NamedTensors, name: string): Tensor {
  const tensor = named[name];
  if (tensor === undefined) throw new Error(`the golden has no ${name}`);
  return tensor;
}

/** Memory that no file is behind: pages of the library come and go. */
export function anonymousMiB(): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

async function runTries(tries: readonly (() => unknown)[], times: number): Promise<number> {
  let failures = 0;
  for (let index = 0; index < times; index++) {
    try {
      await tries[index % tries.length]?.();
    } catch {
      failures += 1;
    }
  }
  return failures;
}
