import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { modelStoreDir } from "./layout.ts";
import { createModelStore } from "./model-store.ts";
import { saveModel } from "./save-model.ts";
import { createTempDir } from "../temp-dir.fixture.ts";

const addOne = fileURLToPath(new URL("../../../../../test/models/add-one.onnx", import.meta.url));

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("saveModel", () => {
  it("saves into the store of this machine, or into the one that is given", async () => {
    const home = await createTempDir();
    vi.stubEnv("BENTO_HOME", home);
    const saved = await saveModel("adder:1.0.0", addOne, { metadata: { by: "notebook" } });
    expect(saved.path.startsWith(join(home, "models"))).toBe(true);
    expect(await createModelStore(modelStoreDir()).get("adder")).toEqual(saved);
    const storeDir = join(home, "elsewhere");
    expect((await saveModel("adder:1.0.0", addOne, { storeDir })).path.startsWith(storeDir)).toBe(true);
  });
});

describe("modelStoreDir", () => {
  it("is below BENTO_HOME, or below the home folder when that is unset or empty", () => {
    expect(modelStoreDir({ BENTO_HOME: "/data/bento" })).toBe("/data/bento/models");
    expect(modelStoreDir({})).toBe(join(homedir(), ".bento-ts", "models"));
    expect(modelStoreDir({ BENTO_HOME: "" })).toBe(join(homedir(), ".bento-ts", "models"));
  });
});
