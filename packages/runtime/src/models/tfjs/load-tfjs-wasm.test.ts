import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { createTempDir } from "../temp-dir.fixture.ts";
import { loadTfjsModel } from "./load-tfjs-model.ts";
import { requireWasm } from "./tfjs-library.ts";
import { itRunsTfjsModels, load, specOf, TFJS_MODELS } from "./tfjs-suite.fixture.ts";

// As on a machine where the native TensorFlow was never installed.
vi.stubEnv("BENTO_HOME", join(import.meta.dirname, "none"));

describe("TF.js models in WebAssembly", () => {
  itRunsTfjsModels();

  it("come with a warning that names the cost and the way out", async () => {
    expect((await load("mlp-graph")).info.warning).toMatch(
      /WebAssembly.*times as long; run "bento-ts tensorflow install"$/,
    );
  });

  it.each<readonly [string, string, (json: string) => string, RegExp]>([
    [
      "an operation that the library does not know",
      "mlp-graph",
      (json) => json.replace('"Softmax"', '"Softmaz"'),
      /it has no operation Softmaz$/,
    ],
    [
      "a layer that the library does not know",
      "mlp-layers",
      (json) => json.replaceAll('"Dense"', '"Dance"'),
      /Unknown layer: Dance/,
    ],
    [
      "weights under other names",
      "mlp-layers",
      (json) => json.replace('"hidden/kernel"', '"hidden/colonel"'),
      /can't load "m": .*(kernel|colonel)/,
    ],
  ])("are refused in one sentence for %s", async (_what, name, change, sentence) => {
    const dir = await createTempDir();
    cpSync(join(TFJS_MODELS, name), join(dir, "m"), { recursive: true });
    const path = join(dir, "m/model.json");
    writeFileSync(path, change(readFileSync(path, "utf8")));
    await expect(loadTfjsModel(specOf(path))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^TensorFlow\.js 4\.22\.0 can't load "m": [^\n]+$/),
    });
    await expect(loadTfjsModel(specOf(path))).rejects.toThrow(sentence);
  });

  it("have no signature to choose", async () => {
    await expect(load("mlp-graph", { signature: "other" })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('leave the option "signature" out'),
    });
  });
});

describe("requireWasm", () => {
  it("names both ways to have TensorFlow.js where it is not, and what was found instead", async () => {
    const dir = await createTempDir();
    await expect(requireWasm([join(dir, "m")], 'the TF.js model "m"')).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^the TF\.js model "m" needs the native TensorFlow, or TensorFlow\.js 4\.22\.0 in the project: run "bento-ts tensorflow install", or "npm install @tensorflow\/tfjs-core@4\.22\.0 /,
      ),
    });
    cpSync(join(TFJS_MODELS, "mlp-graph/model.json"), join(dir, "node_modules/@tensorflow/tfjs-core/package.json"), {
      recursive: true,
    });
    writeFileSync(join(dir, "node_modules/@tensorflow/tfjs-core/package.json"), '{"version":"3.21.0"}');
    await expect(requireWasm([join(dir, "m")], "it")).rejects.toThrow("(found @tensorflow/tfjs-core 3.21.0)");
  });
});
