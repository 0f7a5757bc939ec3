import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "./digest.ts";
import { resolveSource } from "./source.ts";
import { createModelStore } from "./store/model-store.ts";
import { createTempDir } from "./temp-dir.fixture.ts";

const fixtures = fileURLToPath(new URL("../../../../test/models/", import.meta.url));
let baseDir: string;
let storeDir: string;

beforeEach(async () => {
  baseDir = await createTempDir();
  storeDir = join(baseDir, "store");
  await mkdir(join(baseDir, "models"));
  await copyFile(join(fixtures, "add-one.onnx"), join(baseDir, "models", "add-one.onnx"));
});

const resolve = (source: string, digests = {}): ReturnType<typeof resolveSource> =>
  resolveSource(source, { baseDir, storeDir, digests });

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

describe("digestOf", () => {
  it("is the file's own SHA-256 for one file, whatever its name", () => {
    expect(digestOf([{ path: "any.onnx", sha256: "ab" }])).toBe("sha256:ab");
  });

  it("is that of the sorted list, as sha256sum writes it, for several", () => {
    const files = [
      { path: "b", sha256: "22" },
      { path: "a/c", sha256: "11" },
    ];
    const expected = createHash("sha256").update("11  a/c\n22  b\n").digest("hex");
    expect(digestOf(files)).toBe(`sha256:${expected}`);
    expect(digestOf(files.toReversed())).toBe(`sha256:${expected}`);
  });
});

describe("resolveSource", () => {
  it("finds a relative path from the service's folder, and an absolute one where it is", async () => {
    const path = join(baseDir, "models", "add-one.onnx");
    const found = { path, digest: `sha256:${await sha256(path)}`, replacement: undefined };
    expect(await resolve("models/add-one.onnx")).toEqual(found);
    expect(await resolve(path)).toEqual(found);
  });

  it("finds the only model of a folder", async () => {
    await writeFile(join(baseDir, "models", "README.md"), "about");
    expect((await resolve("models")).path).toBe(join(baseDir, "models", "add-one.onnx"));
  });

  it("counts the files of its weights into a model's digest", async () => {
    for (const name of ["external.onnx", "external.onnx.data"])
      await copyFile(join(fixtures, name), join(baseDir, name));
    const lines = await Promise.all(
      ["external.onnx", "external.onnx.data"].map(async (name) => `${await sha256(join(fixtures, name))}  ${name}\n`),
    );
    const expected = createHash("sha256").update(lines.join("")).digest("hex");
    expect((await resolve("external.onnx")).digest).toBe(`sha256:${expected}`);
  });

  it("finds a model of the store by its tag", async () => {
    const stored = await createModelStore(storeDir).import("adder:1.0.0", join(fixtures, "add-one.onnx"));
    const found = { path: stored.path, digest: stored.digest, replacement: undefined };
    expect(await resolve("adder:1.0.0")).toEqual(found);
    expect(await resolve("adder:latest")).toEqual(found);
  });

  it("takes what replaces a source, whatever digest the bento has of the source", async () => {
    const path = join(baseDir, "models", "add-one.onnx");
    const host = {
      baseDir,
      storeDir,
      digests: { "a.onnx": `sha256:${"0".repeat(64)}` },
      modelPaths: { "a.onnx": "/nowhere" },
      replacements: new Map([["a.onnx", path]]),
    };
    expect(await resolveSource("a.onnx", host)).toEqual({
      path,
      digest: `sha256:${await sha256(path)}`,
      replacement: path,
    });
  });

  it("refuses content that is not what the server started with, also of what replaces a source", async () => {
    const path = join(baseDir, "models", "add-one.onnx");
    const startedWith = { "a.onnx": `sha256:${"0".repeat(64)}` };
    const host = { baseDir, storeDir, digests: {}, startedWith };
    const message = (await sha256(path)).replace(
      /^(.{12}).*/,
      'model "a.onnx" is not the one that this server started with: expected sha256:000000000000…, got sha256:$1…: restart it to serve the new one',
    );
    const refusal = { code: "FAILED_PRECONDITION", message };
    await expect(resolveSource("a.onnx", { ...host, replacements: new Map([["a.onnx", path]]) })).rejects.toMatchObject(
      refusal,
    );
    await copyFile(path, join(baseDir, "a.onnx"));
    await expect(resolveSource("a.onnx", host)).rejects.toMatchObject(refusal);
    expect((await resolveSource("models/add-one.onnx", host)).path).toBe(path);
  });

  it("refuses a model of the store whose file was changed or removed", async () => {
    const stored = await createModelStore(storeDir).import("adder:1.0.0", join(fixtures, "add-one.onnx"));
    await chmod(stored.path, 0o644);
    await copyFile(join(fixtures, "scalar.onnx"), stored.path);
    await expect(resolve("adder:1.0.0")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^model "adder:1\.0\.0" is not the one that was imported into the store: expected sha256:[0-9a-f]{12}…, got/,
      ),
    });
    await rm(stored.path);
    await expect(resolve("adder:1.0.0")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `model "adder:1.0.0": its files in ${stored.root} cannot be read`,
    });
  });

  it("names what is missing as it was written, and where it was looked for", async () => {
    await expect(resolve("models/other.onnx")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `model "models/other.onnx" (looked for ${join(baseDir, "models", "other.onnx")}): there is no model file "other.onnx"`,
    });
    await expect(resolve("adder:2.0.0")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `there is no model "adder:2.0.0" in the store ${storeDir}: it holds nothing yet`,
    });
  });

  it("refuses a folder with no model or several, weights that are not there, and a URL", async () => {
    await copyFile(join(fixtures, "scalar.onnx"), join(baseDir, "models", "scalar.onnx"));
    await expect(resolve("models")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(
        'expected exactly one .onnx file, a saved_model.pb or a model.json in the folder "models", got 2: add-one.onnx, scalar.onnx',
      ),
    });
    await mkdir(join(baseDir, "empty"));
    await expect(resolve("empty")).rejects.toMatchObject({
      message: expect.stringContaining('in the folder "empty", got none'),
    });
    await copyFile(join(fixtures, "external.onnx"), join(baseDir, "external.onnx"));
    await expect(resolve("external.onnx")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(
        '"external.onnx" keeps weights in "external.onnx.data", and that file is not beside it',
      ),
    });
    await expect(resolve("https://models.example.com/m.onnx")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("expected a path or a store tag, got a URL"),
    });
  });

  it("refuses content that is not what the bento was built with, with both digests in short", async () => {
    const built = `sha256:${"0".repeat(64)}`;
    const is = `sha256:${await sha256(join(fixtures, "add-one.onnx"))}`;
    await expect(resolve("models/add-one.onnx", { "models/add-one.onnx": built })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `model "models/add-one.onnx" is not the one that this bento was built with: expected sha256:000000000000…, got ${is.slice(0, 19)}…`,
    });
    expect((await resolve("models/add-one.onnx", { "models/add-one.onnx": is, other: built })).digest).toBe(is);
  });
});
