import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { fromNested } from "../tensor/from-nested.ts";
import type { NamedTensors, Tensor } from "../tensor/tensor.ts";
import { onnxEngine } from "./onnx.ts";
import { loadOnnxRuntime } from "./onnx-runtime.ts";
import { type TinyModel, tinyOnnx } from "./tiny-onnx.fixture.ts";
import type { LoadedModel, ModelSpec } from "./types.ts";
import { createTempDir } from "./temp-dir.fixture.ts";

const folder = fileURLToPath(new URL("../../../../test/models/", import.meta.url));
const session = {
  graphOptimizationLevel: "all",
  enableCpuMemArena: true,
  enableMemPattern: true,
  sharedWeights: false,
} as const;
const loaded: LoadedModel[] = [];

afterEach(async () => {
  for (const model of loaded.splice(0)) await model.dispose();
});

async function load(path: string, choices: Partial<ModelSpec> = {}): Promise<LoadedModel> {
  const spec = {
    path: path.includes("/") ? path : `${folder}${path}.onnx`,
    threads: 1,
    outputs: undefined,
    session,
    signature: undefined,
    ...choices,
  };
  const model = await onnxEngine.load(spec);
  loaded.push(model);
  return model;
}

async function loadTiny(tiny: TinyModel): Promise<LoadedModel> {
  const path = join(await createTempDir(), "tiny.onnx");
  await writeFile(path, tinyOnnx(tiny));
  return load(path);
}

/** Memory of this process, where what is mapped several times counts once. */
function pssBytes(): number {
  return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]);
}

function golden(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${folder}${name}.json`, "utf8"));
}

const VALUES: readonly Tensor[] = [
  { dtype: "float32", shape: [3], data: new Float32Array([1.5, -0, NaN]) },
  { dtype: "float64", shape: [2], data: new Float64Array([0.1, -Infinity]) },
  { dtype: "float16", shape: [4], data: new Uint16Array([0x3c00, 0xfbff, 0x7e00, 0x0001]) },
  { dtype: "int8", shape: [2], data: new Int8Array([-128, 127]) },
  { dtype: "uint8", shape: [2], data: new Uint8Array([0, 255]) },
  { dtype: "int16", shape: [2], data: new Int16Array([-32768, 32767]) },
  { dtype: "uint16", shape: [1], data: new Uint16Array([65535]) },
  { dtype: "int32", shape: [2], data: new Int32Array([-(2 ** 31), 2 ** 31 - 1]) },
  { dtype: "uint32", shape: [1], data: new Uint32Array([2 ** 32 - 1]) },
  { dtype: "int64", shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]) },
  { dtype: "uint64", shape: [1], data: new BigUint64Array([2n ** 64n - 1n]) },
  { dtype: "bool", shape: [3], data: new Uint8Array([1, 0, 1]) },
  { dtype: "string", shape: [3], data: ["", "naïve 🙂", "a".repeat(1000)] },
];

describe("onnxEngine with every element type", () => {
  it.each(VALUES.map((tensor) => [tensor.dtype, tensor] as const))(
    "carries %s there and back exactly",
    async (dtype, x) => {
      const model = await load(`identity-${dtype}`);
      expect(model.info).toEqual({
        inputs: [{ name: "x", dtype, shape: ["n"] }],
        outputs: [{ name: "y", dtype, shape: ["n"] }],
        leftOut: [],
      });
      expect(await model.run({ x })).toEqual({ y: x });
    },
  );

  it.each(VALUES.map((tensor) => tensor.dtype))("carries %s without any element", async (dtype) => {
    const model = await load(`identity-${dtype}`);
    const x = fromNested([], dtype, [0]);
    expect(await model.run({ x })).toEqual({ y: x });
  });

  it("feeds a view that starts inside a larger buffer", async () => {
    const model = await load("identity-float32");
    const data = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    expect(await model.run({ x: { dtype: "float32", shape: [2], data } })).toEqual({
      y: { dtype: "float32", shape: [2], data: new Float32Array([1, 2]) },
    });
  });

  it("refuses a text with a NUL character, which the engine would cut", async () => {
    const model = await load("identity-string");
    await expect(
      (async () => model.run({ x: { dtype: "string", shape: [2], data: ["ok", "a\0b"] } }))(),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: 'input "x": element 1 holds a NUL character (U+0000), at which ONNX Runtime would cut the text',
    });
  });
});

describe("onnxEngine with models of several kinds", () => {
  it("runs a model with a scalar input", async () => {
    const model = await load("scalar");
    const feeds: NamedTensors = {
      factor: { dtype: "int64", shape: [], data: new BigInt64Array([3n]) },
      x: { dtype: "float32", shape: [2], data: new Float32Array([1, -2]) },
    };
    expect(await model.run(feeds)).toEqual({ y: { dtype: "float32", shape: [2], data: new Float32Array([3, -6]) } });
  });

  it("gives all outputs, and only the ones asked for when some are", async () => {
    const feeds: NamedTensors = {
      a: { dtype: "float32", shape: [1, 4], data: new Float32Array([1, 2, 3, 4]) },
      b: { dtype: "float32", shape: [1, 4], data: new Float32Array([4, 3, 2, 1]) },
    };
    const sum = { dtype: "float32", shape: [1, 4], data: new Float32Array([5, 5, 5, 5]) };
    const difference = { dtype: "float32", shape: [1, 4], data: new Float32Array([-3, -1, 1, 3]) };
    expect(await (await load("two-inputs")).run(feeds)).toEqual({ sum, difference });
    expect(await (await load("two-inputs", { outputs: ["difference"] })).run(feeds)).toEqual({ difference });
  });

  it.each(["mlp-small", "external"])("computes what numpy computed for %s", async (name) => {
    const model = await load(name);
    const x = fromNested(golden(`${name}.in`)["x"], "float32", [null, 4]);
    const { y } = await model.run({ x });
    const expected = fromNested(golden(`${name}.out`)["y"], "float32", [null, 3]);
    expect(y?.shape).toEqual(expected.shape);
    for (const [index, value] of expected.data.entries()) expect(Number(y?.data[index])).toBeCloseTo(Number(value), 6);
  });

  it("maps external weights when they are to be shared", async () => {
    const model = await load("external", { session: { ...session, sharedWeights: true } });
    const { y } = await model.run({
      x: { dtype: "float32", shape: [1, 4], data: new Float32Array([-3.48, -2.68, -2.72, -0.72]) },
    });
    // The first row of external.out.json.
    expect(Number(y?.data[0])).toBeCloseTo(-2.756, 5);
  });

  it.skipIf(process.platform !== "linux")(
    "holds weights that are shared once, however often the model is loaded",
    async () => {
      const size = 4096;
      const weightBytes = 4 * size * size;
      const dir = await createTempDir();
      const weights = new Float32Array(size * size).fill(1);
      await writeFile(join(dir, "w.bin"), weights);
      const path = join(dir, "wide.onnx");
      const tiny = tinyOnnx({
        inputs: [{ name: "x", type: "float32", shape: ["N", size] }],
        outputs: [{ name: "y", type: "float32", shape: ["N", size] }],
        nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
        external: { w: { shape: [size, size], file: "w.bin" } },
      });
      await writeFile(path, tiny);
      const x = { dtype: "float32", shape: [1, size], data: new Float32Array(size).fill(1) } as const;
      const growthOf = async (sharedWeights: boolean): Promise<number> => {
        const before = pssBytes();
        for (let copy = 0; copy < 3; copy += 1) {
          const model = await load(path, { session: { ...session, sharedWeights } });
          const { y } = await model.run({ x });
          expect(y?.data[size - 1]).toBe(size);
        }
        return (pssBytes() - before) / weightBytes;
      };
      // The engine itself is loaded with the first.
      expect(await growthOf(true)).toBeLessThan(2);
      expect(await growthOf(false)).toBeGreaterThan(2.5);
    },
  );

  it("says how to convert a model whose weights can't be shared, and takes a small one", async () => {
    const zeros = { w: [512, 513] };
    const path = join(await createTempDir(), "inner.onnx");
    const inputs = [{ name: "x", type: "float32", shape: ["N", 512] }] as const;
    const outputs = [{ name: "y", type: "float32", shape: ["N", 513] }] as const;
    const nodes = [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }];
    await writeFile(path, tinyOnnx({ inputs, outputs, nodes, zeros }));
    const shared = { session: { ...session, sharedWeights: true } };
    await expect(load(path, shared)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        'sharedWeights: the 1.0 MiB of "inner.onnx" hold its weights, only those in a file beside the model can be shared. Convert it with Python: ' +
        'onnx.save_model(onnx.load("inner.onnx"), "shared/inner.onnx", save_as_external_data=True, location="inner.onnx.data"); or leave sharedWeights out',
    });
    expect((await load("add-one", shared)).info.inputs).toHaveLength(1);
  });

  it("shares no model of which only a small part lies in a file beside it", async () => {
    const dir = await createTempDir();
    await writeFile(join(dir, "b.bin"), new Float32Array(513));
    const tiny = tinyOnnx({
      inputs: [{ name: "x", type: "float32", shape: ["N", 512] }],
      outputs: [{ name: "y", type: "float32", shape: ["N", 513] }],
      nodes: [
        { op: "MatMul", inputs: ["x", "w"], outputs: ["h"] },
        { op: "Add", inputs: ["h", "b"], outputs: ["y"] },
      ],
      zeros: { w: [512, 513] },
      external: { b: { shape: [513], file: "b.bin" } },
    });
    const path = join(dir, "partly.onnx");
    await writeFile(path, tiny);
    await expect(load(path, { session: { ...session, sharedWeights: true } })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('sharedWeights: the 1.0 MiB of "partly.onnx" hold its weights'),
    });
    expect((await load(path)).info.inputs).toHaveLength(1);
  });

  it("leaves the maps of a ZipMap out, says so, and gives the labels", async () => {
    const model = await load("zipmap");
    expect(model.info.outputs).toEqual([{ name: "label", dtype: "int64", shape: [null] }]);
    expect(model.info.leftOut).toEqual([
      { name: "probabilities", reason: expect.stringContaining("sequence of map(int64 → float32), not a tensor") },
    ]);
    const { label } = await model.run({ X: fromNested(golden("zipmap.in")["X"], "float32", [null, 4]) });
    expect(label?.data).toEqual(new BigInt64Array([0n, 0n, 0n, 0n, 1n, 1n, 1n, 2n, 2n, 2n]));
  });

  it("tells a free rank from a scalar", async () => {
    const model = await loadTiny({
      inputs: [{ name: "x", type: "float32" }],
      outputs: [{ name: "y", type: "float32" }],
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    });
    expect(model.info.inputs).toEqual([{ name: "x", dtype: "float32", shape: [], anyRank: true }]);
    const x = { dtype: "float32", shape: [1, 2], data: new Float32Array([1, 2]) } as const;
    expect(await model.run({ x })).toEqual({ y: x });
  });
});

describe("onnxEngine with what it can't do", () => {
  it("refuses a bfloat16 model with the reason", async () => {
    await expect(load("bfloat16")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(
        "is bfloat16, which ONNX Runtime for Node cannot load on a CPU; export the model with float32",
      ),
    });
  });

  it("refuses a file that ends too early", async () => {
    await expect(load("broken")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('"broken.onnx" is not a readable ONNX model'),
    });
  });

  it("passes on why the engine refuses a model, without its path", async () => {
    const unknownOperator: TinyModel = {
      inputs: [{ name: "x", type: "float32", shape: ["N"] }],
      outputs: [{ name: "y", type: "float32", shape: ["N"] }],
      nodes: [{ op: "Frobnicate", inputs: ["x"], outputs: ["y"] }],
    };
    const refusal = await loadTiny(unknownOperator).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('ONNX Runtime can\'t load "tiny.onnx"'),
    });
    expect(String(refusal)).toContain("Frobnicate");
    expect(String(refusal)).not.toContain(tmpdir());
  });

  it("keeps the engine's words about a failed run out of the message", async () => {
    const model = await loadTiny({
      inputs: [
        { name: "a", type: "float32", shape: [""] },
        { name: "b", type: "float32", shape: [""] },
      ],
      outputs: [{ name: "sum", type: "float32", shape: [""] }],
      nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["sum"] }],
    });
    const a = fromNested([1, 2], "float32", [2]);
    const b = fromNested([1, 2, 3], "float32", [3]);
    await expect((async () => model.run({ a, b }))()).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'model "tiny.onnx" failed while it ran',
      cause: expect.objectContaining({ message: expect.stringContaining("broadcast") }),
    });
    expect(await model.run({ a, b: a })).toEqual({
      sum: { dtype: "float32", shape: [2], data: new Float32Array([2, 4]) },
    });
  });

  it("says how to get the engine when it is not installed", async () => {
    const missing = "onnxruntime-node-that-is-not-there";
    await expect(loadOnnxRuntime(() => import(/* @vite-ignore */ missing))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("run `npm install onnxruntime-node@1.30.0`"),
    });
  });

  it("says what the engine's native file needs when it can't be loaded", async () => {
    const musl = Object.assign(new Error("Error loading shared library ld-linux-x86-64.so.2"), {
      code: "ERR_DLOPEN_FAILED",
    });
    await expect(loadOnnxRuntime(() => Promise.reject(musl))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("it needs glibc ≥ 2.28"),
      cause: musl,
    });
  });
});
