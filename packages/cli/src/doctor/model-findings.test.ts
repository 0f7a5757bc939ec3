import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { modelFindings } from "./model-findings.ts";
import type { NativeTensorFlowState } from "./native-tensorflow.ts";

const MISSING: NativeTensorFlowState = {
  state: "missing",
  dir: "/home/ann/tf",
  version: null,
  message: "not installed",
};
const DAMAGED: NativeTensorFlowState = { ...MISSING, state: "damaged", message: "a.so is cut" };
const READY: NativeTensorFlowState = { ...MISSING, state: "ready", version: "2.15.1" };

const models = fileURLToPath(new URL("../../../../test/models/tfjs/", import.meta.url));
const service = {
  baseDir: models,
  namedModels: async () => [
    { source: "a.onnx", engine: "onnx" },
    { source: "./pitch", engine: "tensorflow" },
    { source: "web/model.json", engine: "tensorflow" },
    { source: "./mlp-layers", engine: "tensorflow" },
  ],
};

describe("modelFindings", () => {
  it("makes a problem of each SavedModel and warns of each TF.js model where the native TensorFlow is missing, with the command that brings it", async () => {
    expect(await modelFindings(service, MISSING)).toEqual([
      {
        level: "problem",
        key: "models",
        message:
          'the SavedModel "./pitch" needs the native TensorFlow, which is not installed in /home/ann/tf: run "bento-ts tensorflow install", once for all projects of a user',
      },
      ...["web/model.json", "./mlp-layers"].map((source) => ({
        level: "warning",
        key: "models",
        message: expect.stringMatching(
          `^the TF.js model "${source}" is computed by WebAssembly, .*npm install @tensorflow/tfjs-core@4.22.0 .*: run "bento-ts tensorflow install" for the native TensorFlow$`,
        ) as string,
      })),
    ]);
  });

  it("tells what is damaged", async () => {
    expect(await modelFindings(service, DAMAGED)).toMatchObject([
      { level: "problem", message: 'the SavedModel "./pitch" can\'t be loaded: a.so is cut' },
      { level: "problem", message: 'the TF.js model "web/model.json" can\'t be loaded: a.so is cut' },
      { level: "problem", message: 'the TF.js model "./mlp-layers" can\'t be loaded: a.so is cut' },
    ]);
  });

  it("constructs nothing where it is ready", async () => {
    const namedModels = async () => Promise.reject(new Error("constructed"));
    expect(await modelFindings({ baseDir: models, namedModels }, READY)).toEqual([]);
  });

  it("warns when a constructor's failure keeps the models unknown", async () => {
    const namedModels = async () => Promise.reject(new Error("no database"));
    expect(await modelFindings({ baseDir: models, namedModels }, MISSING)).toEqual([
      { level: "warning", key: "models", message: "which models it has is not known: no database" },
    ]);
  });
});
