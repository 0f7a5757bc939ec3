import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../command-error.ts";
import { findTarget } from "./find-target.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "find-target-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}
const at = (name: string): string => join(dir, name);

describe("findTarget, of a folder", () => {
  it("takes the file that bento.yaml names, though there are usual ones", async () => {
    put({ "bento.yaml": "service: app/main.ts\n", "app/main.ts": "", "service.ts": "" });
    expect(await findTarget(dir)).toEqual({ kind: "module", file: at("app/main.ts"), projectDir: dir });
  });

  it("takes service.ts or src/service.ts when there is just one", async () => {
    put({ "src/service.ts": "", "model.onnx": "" });
    expect(await findTarget(dir)).toEqual({ kind: "module", file: at("src/service.ts"), projectDir: dir });
  });

  it("asks which one is meant when there are two", async () => {
    put({ "service.ts": "", "src/service.ts": "" });
    await expect(findTarget(dir)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(
        "service.ts and src/service.ts: write which one is meant into bento.yaml",
      ) as string,
    });
  });

  it("takes the models of a folder without a service, hidden files left out", async () => {
    put({ "b.onnx": "", "a.ONNX": "", ".c.onnx": "", "notes.txt": "" });
    expect(await findTarget(dir)).toEqual({
      kind: "models",
      models: [
        { name: "a", version: undefined, path: at("a.ONNX") },
        { name: "b", version: undefined, path: at("b.onnx") },
      ],
      projectDir: dir,
      path: dir,
    });
  });

  it("takes a TF.js model by its folder and by its file", async () => {
    put({ "web/model.json": "{}", "web/group1-shard1of1.bin": "" });
    const models = [{ name: undefined, version: undefined, path: at("web/model.json") }];
    expect(await findTarget(at("web"))).toMatchObject({ kind: "models", models, path: at("web") });
    expect(await findTarget(at("web/model.json"))).toMatchObject({ kind: "models", models, projectDir: at("web") });
  });

  it("takes a built bento, whatever else lies there", async () => {
    put({ "bento.json": "{}", "service.ts": "" });
    expect(await findTarget(dir)).toEqual({ kind: "bento", projectDir: dir });
  });

  it("says what it looked for in an empty one", async () => {
    await expect(findTarget(dir)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(
        'expected bento.yaml with "service: FILE", a service.ts, .onnx files, SavedModels or TF.js models',
      ) as string,
    });
  });

  it("says that the file which bento.yaml names is missing", async () => {
    put({ "bento.yaml": "service: gone.ts\n" });
    await expect(findTarget(dir)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining("there is no gone.ts in") as string,
    });
  });

  it("refuses a bento.yaml with an unknown key as configuration", async () => {
    put({ "bento.yaml": "servce: service.ts\n", "service.ts": "" });
    await expect(findTarget(dir)).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining("servce") as string,
    });
  });

  it("lets the platform's file name the service", async () => {
    put({ "bento.yaml": "service: a.ts\n", "a.ts": "", "b.ts": "", "platform.yaml": "service: b.ts\n" });
    expect(await findTarget(dir, { configFile: at("platform.yaml") })).toMatchObject({ file: at("b.ts") });
  });
});

describe("findTarget, of a file", () => {
  it("finds the project around it by its bento.yaml", async () => {
    put({ "bento.yaml": "", "package.json": "{}", "src/service.ts": "" });
    expect(await findTarget(at("src/service.ts"))).toEqual({
      kind: "module",
      file: at("src/service.ts"),
      projectDir: dir,
    });
  });

  it("does not look beyond a package.json", async () => {
    put({ "bento.yaml": "", "inner/package.json": "{}", "inner/src/service.ts": "" });
    expect(await findTarget(at("inner/src/service.ts"))).toMatchObject({ projectDir: at("inner/src") });
  });

  it("serves a model file with the bento.yaml beside it", async () => {
    put({ "models/m.onnx": "" });
    expect(await findTarget(at("models/m.onnx"))).toEqual({
      kind: "models",
      models: [{ name: undefined, version: undefined, path: at("models/m.onnx") }],
      projectDir: at("models"),
      path: at("models/m.onnx"),
    });
  });

  it("says which endings can be served", async () => {
    put({ "model.pkl": "" });
    await expect(findTarget(at("model.pkl"))).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining("expected a file that ends in .ts, .mts, .js, .mjs or .onnx") as string,
    });
  });

  it("says so when nothing is there", async () => {
    await expect(findTarget(at("gone"))).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(/^there is no .*gone: name a service file/) as string,
    });
  });
});
