import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inspectModel } from "./inspect-model.ts";

const models = new URL("../../../../test/models/", import.meta.url).pathname;
const sha256 = (name: string): string =>
  createHash("sha256")
    .update(readFileSync(models + name))
    .digest("hex");

describe("inspectModel", () => {
  it("tells inputs, outputs, producer, metadata, size and digest of a model", async () => {
    const model = await inspectModel(`${models}mlp-small.onnx`);
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
    const { leftOut, refusals } = await inspectModel(`${models}zipmap.onnx`);
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

  it("survives JSON as it is", async () => {
    const model = await inspectModel(`${models}mlp-small.onnx`);
    expect(JSON.parse(JSON.stringify(model))).toEqual({
      ...model,
      opsets: { ...model.opsets },
      metadata: { ...model.metadata },
    });
  });
});
