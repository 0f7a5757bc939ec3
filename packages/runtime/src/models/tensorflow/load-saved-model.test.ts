import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWith } from "../../../../../test/support/needs.ts";
import type { NamedTensors } from "../../tensor/tensor.ts";
import { createTempDir } from "../temp-dir.fixture.ts";
import type { LoadedModel, ModelSpec } from "../types.ts";
import { goldenCalls, SAVED_MODELS } from "./golden.fixture.ts";
import { loadSavedModel } from "./load-saved-model.ts";

describeWith("native tensorflow", "a SavedModel", () => {
  it.each(goldenCalls("kinds"))(
    "answers the signature $signature as TensorFlow for Python does, bit by bit",
    async (golden) => {
      const model = await load("kinds", { signature: golden.signature });
      expect(await run(model, golden.feeds)).toEqual(golden.results);
    },
  );

  it("with weights agrees with TensorFlow for Python within 1e-6", async () => {
    const model = await load("mlp");
    for (const { feeds, results } of goldenCalls("mlp")) {
      const [got, wanted] = [(await run(model, feeds))["probabilities"], results["probabilities"]];
      expect(got?.shape).toEqual(wanted?.shape);
      const values = Array.from<unknown>(got?.data ?? []);
      const differences = Array.from<unknown>(wanted?.data ?? []).map((value, index) =>
        Math.abs(Number(value) - Number(values[index])),
      );
      expect(Math.max(...differences)).toBeLessThanOrEqual(1e-6);
    }
  });

  it("tells the names, dtypes and shapes of its signature", async () => {
    expect((await load("kinds", { signature: "two" })).info).toEqual({
      inputs: ["a", "b"].map((name) => ({ name, dtype: "float32", shape: [null, 2] })),
      outputs: ["product", "sum"].map((name) => ({ name, dtype: "float32", shape: [null, 2] })),
      leftOut: [],
    });
  });

  it("computes only the outputs that were asked for", async () => {
    const model = await load("kinds", { signature: "two", outputs: ["sum"] });
    const feeds = goldenCalls("kinds").find(({ signature }) => signature === "two")?.feeds ?? {};
    expect(Object.keys(await run(model, feeds))).toEqual(["sum"]);
  });

  it("takes and gives tensors without elements", async () => {
    const model = await load("kinds", { signature: "float32" });
    const x = { dtype: "float32", shape: [0], data: new Float32Array() } as const;
    expect(await run(model, { x })).toEqual({ y: x });
  });

  it("that a caller's data makes fail says so without TensorFlow's words, and runs on", async () => {
    const model = await load("kinds", { signature: "pick" });
    const x = { dtype: "float32", shape: [2], data: Float32Array.of(5, 6) } as const;
    const at = (index: bigint) => ({ dtype: "int64", shape: [1], data: BigInt64Array.of(index) }) as const;
    await expect(async () => run(model, { x, at: at(7n) })).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'model "kinds" failed while it ran',
      cause: expect.objectContaining({ message: expect.stringContaining("indices[0] = 7 is not in [0, 2)") }),
    });
    expect(await run(model, { x, at: at(1n) })).toMatchObject({ y: { data: Float32Array.of(6) } });
  });

  it("of which the signature is not named and not clear lists its signatures", async () => {
    await expect(load("kinds")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/scalar.*two/s),
    });
  });

  it("without its variables, or with those of another model, is refused in one sentence", async () => {
    const dir = await copyOf("mlp");
    writeFileSync(join(dir, "variables/variables.data-00000-of-00001"), "not these");
    await expect(loadSavedModel(specOf(dir))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^TensorFlow 2\.15\.1 can't load "mlp": [^\n]+$/),
    });
    rmSync(join(dir, "variables"), { recursive: true });
    await expect(loadSavedModel(specOf(dir))).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });
});

async function load(model: "kinds" | "mlp", choice: Partial<ModelSpec> = {}): Promise<LoadedModel> {
  return loadSavedModel({ ...specOf(join(SAVED_MODELS, model)), ...choice });
}

function specOf(dir: string): ModelSpec {
  const session = {
    graphOptimizationLevel: "all",
    enableCpuMemArena: true,
    enableMemPattern: true,
    sharedWeights: false,
  } as const;
  return { path: join(dir, "saved_model.pb"), threads: 1, outputs: undefined, signature: undefined, session };
}

async function copyOf(model: "mlp"): Promise<string> {
  const dir = join(await createTempDir(), model);
  cpSync(join(SAVED_MODELS, model), dir, { recursive: true });
  return dir;
}

async function run(model: LoadedModel, feeds: NamedTensors): Promise<NamedTensors> {
  return model.run(feeds);
}
