import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BentoFile, defineService, digestOf } from "@bento-ts/runtime/definition";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectTarget } from "./inspect-target.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "inspect-target-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const models = new URL("../../../../test/models/", import.meta.url).pathname;
const sha256 = "ab".repeat(32);

describe("inspectTarget", () => {
  it("tells a bento's definition and models without loading its code", async () => {
    const text = { kind: "text", maxLength: null } as const;
    const definition = defineService({ name: "echo", apis: [{ name: "say", input: text, output: text }] });
    const bento: BentoFile = {
      formatVersion: 1,
      definition,
      definitionDigest: digestOf(definition),
      entry: "service/service.js",
      models: [
        {
          source: "m.onnx",
          engine: "onnx",
          path: "models/m.onnx",
          digest: `sha256:${sha256}`,
          files: [{ path: "m.onnx", size: 1, sha256 }],
        },
        { source: "/mnt/late.onnx", engine: "onnx", path: null, digest: null, files: [] },
      ],
      runtimeVersion: "0.1.0",
      nodeVersion: "24.21.0",
      platform: "linux/amd64",
    };
    writeFileSync(join(dir, "bento.json"), JSON.stringify(bento));
    mkdirSync(join(dir, "service"));
    writeFileSync(join(dir, "service/service.js"), 'throw new Error("this code was loaded");');
    expect(await inspectTarget(dir)).toMatchObject({
      kind: "service",
      digest: digestOf(definition),
      definition: { name: "echo" },
      schemas: { SayInput: { type: "string" } },
      models: [
        { source: "m.onnx", engine: "onnx", digest: `sha256:${sha256}` },
        { source: "/mnt/late.onnx", engine: "onnx", digest: null },
      ],
    });
  });

  it("tells of one model file as itself and of a folder as a list", async () => {
    expect(await inspectTarget(`${models}add-one.onnx`)).toMatchObject({ kind: "model", inputs: [{ name: "x" }] });
    copyFileSync(`${models}add-one.onnx`, join(dir, "add-one.onnx"));
    expect(await inspectTarget(dir)).toMatchObject([{ kind: "model", inputs: [{ name: "x" }] }]);
  });

  it("tells of the folder of a SavedModel or TF.js model as one model, and of a folder of them as a list", async () => {
    const mlp = { kind: "model", format: "saved-model", path: expect.stringMatching(/\/mlp$/) as string };
    expect(await inspectTarget(`${models}tensorflow/mlp`)).toMatchObject(mlp);
    const web = { format: "tfjs", path: expect.stringMatching(/\/mlp-layers$/) as string };
    expect(await inspectTarget(`${models}tfjs/mlp-layers`)).toMatchObject(web);
    const both = await inspectTarget(`${models}tensorflow`);
    expect(both).toMatchObject([{ format: "saved-model", path: expect.stringMatching(/\/kinds$/) as string }, mlp]);
  });
});
