import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { modelApiNames, zeroCodeService } from "./zero-code.ts";

const models = fileURLToPath(new URL("../../../../test/models/", import.meta.url));

describe("modelApiNames", () => {
  it("calls one model predict, and several by their files", () => {
    expect(modelApiNames(["/m/docs.onnx"])).toEqual({ predict: "/m/docs.onnx" });
    expect(modelApiNames(["/m/a b.onnx", "/m/1.onnx"])).toEqual({ a_b: "/m/a b.onnx", m_1: "/m/1.onnx" });
  });

  it.each(["health", "constructor", "toString"])("refuses a file whose API would be called %s", (name) => {
    expect(() => modelApiNames([`/m/${name}.onnx`, "/m/a.onnx"])).toThrow(
      `${name}.onnx would be served as "${name}", which no API may be called: rename it`,
    );
  });
});

describe("zeroCodeService", () => {
  it("names a model that can't be served", async () => {
    const entry = {
      kind: "models",
      name: "m",
      version: "1.0.0",
      models: { predict: join(models, "bfloat16.onnx") },
    } as const;
    await expect(zeroCodeService(entry)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^bfloat16\.onnx: .*\/inputs\/x is bfloat16/),
    });
  });

  it("names all models of a folder that can't be served, each in a line", async () => {
    const dir = mkdtempSync(join(tmpdir(), "bento-zero-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    for (const name of ["add-one", "bfloat16", "broken"])
      copyFileSync(join(models, `${name}.onnx`), join(dir, `${name}.onnx`));
    const at = (name: string): string => join(dir, `${name}.onnx`);
    const entry = {
      kind: "models",
      name: "m",
      version: "1.0.0",
      models: { a: at("add-one"), b: at("bfloat16"), c: at("broken"), d: at("none") },
    } as const;
    await expect(zeroCodeService(entry)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^3 models can't be served:\n  bfloat16\.onnx: .*\n  "broken\.onnx" is not a readable ONNX model: .*\n  there is no model file "none\.onnx"$/,
      ),
    });
  });
});
