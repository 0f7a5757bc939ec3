import { expect, it } from "vitest";
import { describeWith } from "../../../../../test/support/needs.ts";
import { tensorFlowEngine } from "../tensorflow/engine.ts";
import { itRunsTfjsModels, load } from "./tfjs-suite.fixture.ts";

tensorFlowEngine.prepare(1);

describeWith("native tensorflow", "TF.js models on the native TensorFlow", () => {
  itRunsTfjsModels();

  it("come without a warning", async () => {
    expect((await load("mlp-graph")).info).not.toHaveProperty("warning");
  });
});
