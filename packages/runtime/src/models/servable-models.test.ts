import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findServableModels } from "./servable-models.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-servable-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), "");
  }
}

/** What is found, paths relative to the folder. */
async function found(path = dir): Promise<readonly unknown[]> {
  const models = await findServableModels(path);
  return models.map((model) => [model.name, model.version, model.path.slice(dir.length + 1)]);
}

describe("findServableModels", () => {
  it("takes a file as it is", async () => {
    put("m.onnx");
    expect(await found(join(dir, "m.onnx"))).toEqual([[undefined, undefined, "m.onnx"]]);
  });

  it("takes the files of a folder, whatever else lies there", async () => {
    put("b.onnx", "a.ONNX", ".c.onnx", "weights.bin", "1/m.onnx");
    expect(await found()).toEqual([
      ["a", undefined, "a.ONNX"],
      ["b", undefined, "b.onnx"],
    ]);
  });

  it("takes a SavedModel as one model, whatever lies in its folder, and as versions in numbered ones", async () => {
    put("saved_model.pb", "other.onnx", "assets/vocabulary.onnx", "variables/variables.index");
    expect(await found()).toEqual([[undefined, undefined, "saved_model.pb"]]);
    put("pitch/2/saved_model.pb", "pitch/1/m.onnx");
    expect(await found(join(dir, "pitch"))).toEqual([
      [undefined, 1, "pitch/1/m.onnx"],
      [undefined, 2, "pitch/2/saved_model.pb"],
    ]);
  });

  it("takes SavedModels beside .onnx files, and no other folders", async () => {
    put("b.onnx", "pitch/saved_model.pb", "pitch/variables/variables.index", "other/m.onnx");
    expect(await found()).toEqual([
      ["b", undefined, "b.onnx"],
      ["pitch", undefined, "pitch/saved_model.pb"],
    ]);
  });

  it("takes a TF.js model by its folder, beside others and in versions, and no other JSON of a folder", async () => {
    put(
      "web/model.json",
      "web/group1-shard1of1.bin",
      "web/metadata.json",
      "b.onnx",
      "both/saved_model.pb",
      "both/model.json",
    );
    expect(await found(join(dir, "web"))).toEqual([[undefined, undefined, "web/model.json"]]);
    expect(await found()).toEqual([
      ["b", undefined, "b.onnx"],
      ["both", undefined, "both/saved_model.pb"],
      ["web", undefined, "web/model.json"],
    ]);
    put("notes/2/model.json", "notes/1/m.onnx");
    expect(await found(join(dir, "notes"))).toEqual([
      [undefined, 1, "notes/1/m.onnx"],
      [undefined, 2, "notes/2/model.json"],
    ]);
  });

  it("takes numbered folders as versions of one model, in the order of their numbers", async () => {
    put("10/m.onnx", "2/m.onnx", "0003/other.onnx", "0/m.onnx", "notes/readme.txt", "x/m.onnx");
    expect(await found()).toEqual([
      [undefined, 2, "2/m.onnx"],
      [undefined, 3, "0003/other.onnx"],
      [undefined, 10, "10/m.onnx"],
    ]);
  });

  it("takes other folders as models, each with a file or with versions", async () => {
    put("forest/model.onnx", "net/1/model.onnx", "net/2/model.onnx", "empty/readme.txt", "config.json");
    expect(await found()).toEqual([
      ["forest", undefined, "forest/model.onnx"],
      ["net", 1, "net/1/model.onnx"],
      ["net", 2, "net/2/model.onnx"],
    ]);
  });

  it("follows links, as volumes of Kubernetes hold them", async () => {
    put("..data/m.onnx");
    symlinkSync(join(dir, "..data/m.onnx"), join(dir, "m.onnx"));
    expect(await found()).toEqual([["m", undefined, "m.onnx"]]);
  });

  it("finds none where there are none", async () => {
    put("readme.txt", "a/b/c/m.onnx");
    expect(await found()).toEqual([]);
  });

  it("says which folder holds several files where one is meant, and what is not there", async () => {
    put("1/a.onnx", "1/b.onnx");
    await expect(findServableModels(dir)).rejects.toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: `expected one .onnx file in ${dir}/1, got a.onnx, b.onnx`,
      }),
    );
    await expect(findServableModels(join(dir, "gone"))).rejects.toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION", message: `there is no ${dir}/gone` }),
    );
  });
});
