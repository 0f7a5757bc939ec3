import { describe, expect, it } from "vitest";
import { type BentoFile, parseBentoFile } from "./bento-file.ts";
import { defineService } from "./define-service.ts";
import { digestOf } from "./digest.ts";

const text = { kind: "text", maxLength: null } as const;
const definition = defineService({
  name: "boston",
  version: "1.4.0",
  apis: [{ name: "score", input: text, output: text }],
});
const sha256 = "0".repeat(64);
const good: BentoFile = {
  formatVersion: 1,
  definition,
  definitionDigest: digestOf(definition),
  entry: "service/service.mjs",
  models: [
    {
      source: "models/forest.onnx",
      engine: "onnx",
      path: "models/ab/forest.onnx",
      digest: `sha256:${sha256}`,
      files: [{ path: "models/ab/forest.onnx", size: 3, sha256 }],
    },
    { source: "/mnt/models/other.onnx", engine: "onnx", path: null, digest: null, files: [] },
  ],
  runtimeVersion: "0.1.0",
  nodeVersion: "24.21.0",
  platform: "linux/amd64",
};
const parse = (change: Readonly<Record<string, unknown>>): BentoFile =>
  parseBentoFile(JSON.stringify({ ...good, ...change }));

describe("parseBentoFile", () => {
  it("gives what was written", () => {
    expect(parse({})).toEqual(good);
  });

  it.each([
    ["no JSON", "{", "it is no JSON"],
    ["a list", "[]", "it holds no JSON object"],
    ["another format", JSON.stringify({ ...good, formatVersion: 2 }), "it has format 2, this version reads 1"],
    ["no format", "{}", "it has format undefined, this version reads 1"],
  ])("refuses %s", (_name, content, reason) => {
    expect(() => parseBentoFile(content)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(`bento.json can't be used: ${reason}`),
      }),
    );
  });

  it.each(["../service.mjs", "/etc/passwd", "service/../../x", "C:\\x", "a//b", "", "./a", "a\\b"])(
    "refuses the entry %j, which is no path inside the bento",
    (entry) => {
      expect(() => parse({ entry })).toThrow(`${JSON.stringify(entry)} is no path inside the bento`);
    },
  );

  it("refuses a model whose file lies outside", () => {
    const [model] = good.models;
    const outside = { ...model, files: [{ path: "../secret", size: 1, sha256 }] };
    expect(() => parse({ models: [outside] })).toThrow('"../secret" is no path inside the bento');
    expect(() => parse({ models: [{ ...model, path: null }] })).toThrow("is no path inside the bento");
  });

  it("refuses a definition that was edited by hand", () => {
    expect(() => parse({ definition: { ...definition, version: "9.9.9" } })).toThrow("was changed after the build");
  });

  it("refuses missing parts", () => {
    expect(() => parse({ definition: undefined })).toThrow('"definition" is missing');
    expect(() => parse({ platform: undefined })).toThrow('"platform" is missing');
  });
});
