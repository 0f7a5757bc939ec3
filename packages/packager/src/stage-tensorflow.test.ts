import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASM_PACKAGES } from "@bento-ts/runtime/tensorflow";
import { describe, expect, it } from "vitest";
import { ownMachine } from "./platform.ts";
import { stageTensorFlow } from "./stage-tensorflow.ts";

const models = [
  { engine: "onnx", source: "models/forest.onnx", path: "models/1/forest.onnx" },
  { engine: "tensorflow", source: "models/pitch", path: "models/2/saved_model.pb" },
];
const web = [{ engine: "tensorflow", source: "models/web", path: "models/3/model.json" }];
const packages: readonly string[] = [];
const platform = { os: "linux", cpu: ownMachine().cpu === "arm64" ? "arm64" : "x64" } as const;
const env = { BENTO_HOME: join(tmpdir(), "bento-no-home") };

describe("stageTensorFlow", () => {
  it("takes nothing where no model needs it", () => {
    expect(stageTensorFlow("/nowhere", { models: models.slice(0, 1), platform, env, packages })).toBeUndefined();
  });

  it("names the model, the command and the folder where it is not prepared", () => {
    expect(() => stageTensorFlow("/nowhere", { models, platform, env, packages })).toThrow(
      /^model "models\/pitch" needs the native TensorFlow, which is not installed in .*bento-no-home.*: run "bento-ts tensorflow install"/,
    );
  });

  it("refuses another machine than this one", () => {
    const other = { os: "linux", cpu: platform.cpu === "arm64" ? "x64" : "arm64" } as const;
    expect(() => stageTensorFlow("/nowhere", { models, platform: other, env, packages })).toThrow(
      `model "models/pitch" needs the native TensorFlow, which a machine prepares for itself: build for linux/${other.cpu} on such a machine`,
    );
  });

  it("leaves TF.js models to WebAssembly where the project brings it, on any platform, but not SavedModels beside them", () => {
    const wasm = { env, packages: [...WASM_PACKAGES, "zod"] };
    const other = { os: "linux", cpu: platform.cpu === "arm64" ? "x64" : "arm64" } as const;
    expect(stageTensorFlow("/nowhere", { models: web, platform, ...wasm })).toBeUndefined();
    expect(stageTensorFlow("/nowhere", { models: web, platform: other, ...wasm })).toBeUndefined();
    expect(() => stageTensorFlow("/nowhere", { models: [...web, ...models], platform, ...wasm })).toThrow(
      'model "models/pitch" needs the native TensorFlow',
    );
  });

  it("names both ways for a TF.js model that has neither", () => {
    expect(() => stageTensorFlow("/nowhere", { models: web, platform, env, packages: WASM_PACKAGES.slice(1) })).toThrow(
      /^model "models\/web" needs the native TensorFlow or TensorFlow\.js among the project's dependencies: run "bento-ts tensorflow install" or "npm install @tensorflow\/tfjs-core@4\.22\.0 /,
    );
  });
});
