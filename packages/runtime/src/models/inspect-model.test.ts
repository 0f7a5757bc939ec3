import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inspectModel, type InspectedOnnx } from "./inspect-model.ts";

const models = new URL("../../../../test/models/", import.meta.url).pathname;
const sha256 = (name: string): string =>
  createHash("sha256")
    .update(readFileSync(models + name))
    .digest("hex");

async function inspectOnnx(name: string): Promise<InspectedOnnx> {
  const model = await inspectModel(models + name);
  if (model.format !== "onnx") throw new Error(`${name} was taken for ${model.format}`);
  return model;
}

describe("inspectModel", () => {
  it("tells of a TF.js model what its JSON says, under a digest over all of its files", async () => {
    expect(await inspectModel(`${models}tfjs/mlp-graph`)).toMatchObject({
      format: "tfjs",
      variant: "graph-model",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      files: ["model.json", "group1-shard1of2.bin", "group1-shard2of2.bin"].map((name) => ({
        path: name,
        sha256: sha256(`tfjs/mlp-graph/${name}`),
      })),
      inputs: [{ name: "x", type: "float32", shape: [null, 4] }],
      refusals: [],
    });
  });

  it("tells inputs, outputs, producer, metadata, size and digest of a model", async () => {
    const model = await inspectOnnx("mlp-small.onnx");
    expect(model).toMatchObject({
      format: "onnx",
      digest: `sha256:${sha256("mlp-small.onnx")}`,
      opsets: { "ai.onnx": 21 },
      irVersion: 10,
      producer: "bento-ts-fixtures",
      inputs: [{ name: "x", type: "tensor", dtype: "float32", shape: ["N", 4] }],
      outputs: [{ name: "y", type: "tensor", dtype: "float32", shape: ["N", 3] }],
      leftOut: [],
      refusals: [],
    });
    expect(model.metadata["author"]).toBe("bento-ts");
    expect(model.files).toEqual([
      {
        path: "mlp-small.onnx",
        sizeBytes: readFileSync(`${models}mlp-small.onnx`).length,
        sha256: sha256("mlp-small.onnx"),
      },
    ]);
  });

  it("lists the files that hold weights, and a digest over all of them", async () => {
    const model = await inspectModel(`${models}external.onnx`);
    expect(model.files.map(({ path }) => path)).toEqual(["external.onnx", "external.onnx.data"]);
    // As `sha256sum` over the lines of `sha256sum external.onnx external.onnx.data`.
    const lines = ["external.onnx", "external.onnx.data"].map((name) => `${sha256(name)}  ${name}\n`).join("");
    expect(model.digest).toBe(`sha256:${createHash("sha256").update(lines).digest("hex")}`);
  });

  it("names an output that is no tensor, with the reason", async () => {
    const { leftOut, refusals } = await inspectOnnx("zipmap.onnx");
    expect(leftOut).toEqual([{ name: "probabilities", reason: expect.stringContaining("not a tensor") as string }]);
    expect(refusals).toEqual([]);
  });

  it("says why a model can't be served instead of failing", async () => {
    const { refusals } = await inspectModel(`${models}bfloat16.onnx`);
    expect(refusals).toEqual([
      { path: "/inputs/x", message: expect.stringContaining("is bfloat16") as string },
      { path: "/outputs/y", message: expect.stringContaining("is bfloat16") as string },
    ]);
  });

  it("fails for a damaged file and for one that is not there", async () => {
    await expect(inspectModel(`${models}broken.onnx`)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('"broken.onnx" is not a readable ONNX model') as string,
    });
    await expect(inspectModel(`${models}nothing.onnx`)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("tells the signatures of a SavedModel by its folder or its file, with a digest over all its files", async () => {
    const model = await inspectModel(`${models}tensorflow/mlp`);
    expect(model).toMatchObject({
      format: "saved-model",
      tags: ["serve"],
      signatures: [{ name: "serving_default", inputs: [{ name: "x" }], outputs: [{ name: "probabilities" }] }],
      refusals: [],
    });
    const names = ["variables/variables.data-00000-of-00001", "variables/variables.index"];
    const paths = ["saved_model.pb", "fingerprint.pb", ...names];
    expect(model.files.map(({ path }) => path)).toEqual(paths);
    // As `sha256sum` over the sorted lines of `sha256sum` of them all.
    const lines = paths.toSorted().map((name) => `${sha256(`tensorflow/mlp/${name}`)}  ${name}\n`);
    expect(model.digest).toBe(`sha256:${createHash("sha256").update(lines.join("")).digest("hex")}`);
    expect(await inspectModel(`${models}tensorflow/mlp/saved_model.pb`)).toEqual(model);
  });

  it("survives JSON as it is", async () => {
    const model = await inspectOnnx("mlp-small.onnx");
    expect(JSON.parse(JSON.stringify(model))).toEqual({
      ...model,
      opsets: { ...model.opsets },
      metadata: { ...model.metadata },
    });
  });
});
