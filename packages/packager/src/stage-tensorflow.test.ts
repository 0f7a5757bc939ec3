import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownMachine } from "./platform.ts";
import { stageTensorFlow } from "./stage-tensorflow.ts";

const models = [
  { engine: "onnx", source: "models/forest.onnx" },
  { engine: "tensorflow", source: "models/pitch" },
];
const platform = { os: "linux", cpu: ownMachine().cpu === "arm64" ? "arm64" : "x64" } as const;
const env = { BENTO_HOME: join(tmpdir(), "bento-no-home") };

describe("stageTensorFlow", () => {
  it("takes nothing where no model needs it", () => {
    expect(stageTensorFlow("/nowhere", { models: models.slice(0, 1), platform, env })).toBeUndefined();
  });

  it("names the model, the command and the folder where it is not prepared", () => {
    expect(() => stageTensorFlow("/nowhere", { models, platform, env })).toThrow(
      /^model "models\/pitch" needs the native TensorFlow, which is not installed in .*bento-no-home.*: run "bento-ts tensorflow install"/,
    );
  });

  it("refuses another machine than this one", () => {
    const other = { os: "linux", cpu: platform.cpu === "arm64" ? "x64" : "arm64" } as const;
    expect(() => stageTensorFlow("/nowhere", { models, platform: other, env })).toThrow(
      `model "models/pitch" needs the native TensorFlow, which a machine prepares for itself: build for linux/${other.cpu} on such a machine`,
    );
  });
});
