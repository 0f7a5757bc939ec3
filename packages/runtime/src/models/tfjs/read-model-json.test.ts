import { cpSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTempDir } from "../temp-dir.fixture.ts";
import { readTfjsModel, readWeights, weightFiles } from "./read-model-json.ts";
import { TFJS_MODELS } from "./tfjs-suite.fixture.ts";

describe("readTfjsModel", () => {
  it.each<readonly [string, (dir: string) => void, RegExp]>([
    [
      "a missing file of weights",
      (dir) => rmSync(join(dir, "group1-shard2of2.bin")),
      /^"web\/model\.json" lacks weights: expected the file group1-shard2of2\.bin beside it, which is not there; copy the whole folder$/,
    ],
    [
      "a file of weights that was cut",
      (dir) => truncateSync(join(dir, "group1-shard2of2.bin"), 100),
      /^"web\/model\.json" lacks weights: they take 268 bytes, group1-shard1of2\.bin to group1-shard2of2\.bin have 201; copy the whole folder again$/,
    ],
    [
      "a folder in place of weights",
      (dir) => (rmSync(join(dir, "group1-shard1of2.bin")), mkdirSync(join(dir, "group1-shard1of2.bin"))),
      /expected the file group1-shard1of2\.bin/,
    ],
    [
      "JSON of something else",
      (dir) => writeFileSync(join(dir, "model.json"), '{"name":"x"}'),
      /^"web\/model\.json" is not a readable TF\.js model: expected the keys "modelTopology" and "weightsManifest", got "name"$/,
    ],
    [
      "a Git LFS pointer",
      (dir) => writeFileSync(join(dir, "model.json"), "version https://git-lfs.github.com/spec/v1\n"),
      /a Git LFS pointer, not the model: run `git lfs pull`/,
    ],
    ["an empty file", (dir) => writeFileSync(join(dir, "model.json"), ""), /the file is empty/],
  ])("says of %s what is to be done", async (_what, change, sentence) => {
    const dir = await copyOf("mlp-graph");
    change(dir);
    const reading = readTfjsModel(join(dir, "model.json"));
    await expect(reading).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(sentence),
    });
  });

  it("follows links, of which mounted volumes are full", async () => {
    const dir = await createTempDir();
    symlinkSync(join(TFJS_MODELS, "mlp-graph"), join(dir, "..data"));
    for (const name of ["model.json", "group1-shard1of2.bin", "group1-shard2of2.bin"])
      symlinkSync(`..data/${name}`, join(dir, name));
    const info = await readTfjsModel(join(dir, "model.json"));
    expect(weightFiles(info)).toEqual(["group1-shard1of2.bin", "group1-shard2of2.bin"]);
    expect((await readWeights(join(dir, "model.json"), info)).byteLength).toBe(268);
  });

  it("says that there is no such file", async () => {
    await expect(readTfjsModel(join(await createTempDir(), "model.json"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

async function copyOf(name: string): Promise<string> {
  const dir = join(await createTempDir(), "web");
  cpSync(join(TFJS_MODELS, name), dir, { recursive: true });
  return dir;
}
