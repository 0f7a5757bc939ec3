import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ModelsEntry } from "./service-entry.ts";
import { zeroCodeService } from "./zero-code.ts";

const models = fileURLToPath(new URL("../../../../test/models/", import.meta.url));

function entryOf(files: Readonly<Record<string, string>>): ModelsEntry {
  const served = Object.entries(files).map(
    ([name, path]) => [name, { path, model: { name, version: 1 }, isDefault: false }] as const,
  );
  return { kind: "models", name: "m", version: "1.0.0", models: Object.fromEntries(served) };
}

describe("zeroCodeService", () => {
  it("names a model that can't be served", async () => {
    await expect(zeroCodeService(entryOf({ predict: join(models, "bfloat16.onnx") }))).rejects.toMatchObject({
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
    const entry = entryOf({ a: at("add-one"), b: at("bfloat16"), c: at("broken"), d: at("none") });
    await expect(zeroCodeService(entry)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^3 models can't be served:\n  bfloat16\.onnx: .*\n  "broken\.onnx" is not a readable ONNX model: .*\n  there is no model file "none\.onnx"$/,
      ),
    });
  });
});
