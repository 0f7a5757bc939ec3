import { expect, it } from "vitest";
import { describeWith } from "../../../../../test/support/needs.ts";
import { tensorFlowEngine } from "../tensorflow/engine.ts";
import { loadTfjs } from "./tfjs-library.ts";
import { anonymousMiB, itRunsTfjsModels, load } from "./tfjs-suite.fixture.ts";

tensorFlowEngine.prepare(1);

describeWith("native tensorflow", "TF.js models on the native TensorFlow", () => {
  itRunsTfjsModels();

  it("give all memory back when the library itself fails, and run on", { timeout: 60_000 }, async () => {
    const model = await load("scatter");
    const { tf } = await loadTfjs("", "the test");
    const rows = 65_536;
    const x = { dtype: "float32", shape: [rows], data: new Float32Array(rows).fill(0.5) } as const;
    const at = (place: number) =>
      ({ dtype: "int32", shape: [rows, 1], data: new Int32Array(rows).fill(place) }) as const;
    const wrong = at(8);
    const fails = async (times: number): Promise<unknown> => {
      let cause: unknown;
      for (let index = 0; index < times; index++) {
        try {
          await model.run({ x, at: wrong });
        } catch (thrown) {
          cause = thrown instanceof Error ? thrown.cause : undefined;
        }
      }
      return cause;
    };
    await fails(100);
    const [tensors, before] = [tf.memory().numTensors, anonymousMiB()];
    expect(await fails(1000)).toMatchObject({ message: expect.stringContaining("indices[0] = [8] does not index") });
    expect(tf.memory().numTensors).toBe(tensors);
    // A run's feeds have 512 KiB: one in five that stayed would show.
    expect(anonymousMiB() - before).toBeLessThan(100);
    // 65,536 halves at one place.
    expect(await model.run({ x, at: at(3) })).toEqual({
      y: { dtype: "float32", shape: [8], data: Float32Array.of(0, 0, 0, 32_768, 0, 0, 0, 0) },
    });
  });

  it("come without a warning", async () => {
    expect((await load("mlp-graph")).info).not.toHaveProperty("warning");
  });
});
