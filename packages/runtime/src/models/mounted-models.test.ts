import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findMounted } from "./mounted-models.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-mounted-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), "");
  }
}

async function mounted(...sources: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const found = await findMounted(dir, sources);
  return Object.fromEntries([...found].map(([source, path]) => [source, path.slice(dir.length + 1)]));
}

describe("findMounted", () => {
  it("finds a source under its path, its file's name, or its model's name", async () => {
    put("models/forest.onnx", "forest.onnx", "net.onnx", "tagged.onnx", "text/model.onnx");
    expect(await mounted("models/forest.onnx", "assets/net.onnx", "tagged:1.2.0", "/opt/text")).toEqual({
      "models/forest.onnx": "models/forest.onnx",
      "assets/net.onnx": "net.onnx",
      "tagged:1.2.0": "tagged.onnx",
      "/opt/text": "text/model.onnx",
    });
  });

  it("takes the highest of several versions", async () => {
    put("forest/1/m.onnx", "forest/12/m.onnx", "forest/2/m.onnx");
    expect(await mounted("models/forest.onnx")).toEqual({ "models/forest.onnx": "forest/12/m.onnx" });
  });

  it("gives the only source the only model, whatever its name", async () => {
    put("model.onnx");
    expect(await mounted("models/forest.onnx")).toEqual({ "models/forest.onnx": "model.onnx" });
    rmSync(join(dir, "model.onnx"));
    put("1/model.onnx", "2/model.onnx");
    expect(await mounted("models/forest.onnx")).toEqual({ "models/forest.onnx": "2/model.onnx" });
  });

  it("leaves the sources that are not there to the service", async () => {
    put("forest.onnx");
    expect(await mounted("models/forest.onnx", "models/net.onnx")).toEqual({ "models/forest.onnx": "forest.onnx" });
    expect(await mounted()).toEqual({});
  });

  it("stays inside of the folder", async () => {
    mkdirSync(join(dir, "inner"));
    put("forest.onnx");
    await expect(findMounted(join(dir, "inner"), ["../forest.onnx"])).rejects.toThrow(
      "has none of the service's models",
    );
  });

  it("refuses a folder with none of them, and says what it has", async () => {
    put("a.onnx", "b.onnx");
    await expect(findMounted(dir, ["models/forest.onnx"])).rejects.toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: `modelDir ${dir} has none of the service's models: expected forest.onnx, got a.onnx, b.onnx`,
      }),
    );
    await expect(findMounted(join(dir, "gone"), ["forest.onnx"])).rejects.toThrow(`there is no ${dir}/gone`);
  });
});
