import { execFile } from "node:child_process";
import { chmod, copyFile, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { collectGarbage } from "./collect-garbage.ts";
import { storeLayout } from "./layout.ts";
import { createModelStore, type ModelStore } from "./model-store.ts";
import { createTempDir } from "../temp-dir.fixture.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../../../../test/models/${name}`, import.meta.url));
let dir: string;
let time: number;
let store: ModelStore;

beforeEach(async () => {
  dir = join(await createTempDir(), "models");
  time = Date.parse("2026-01-01T00:00:00Z");
  store = createModelStore(dir, { now: () => new Date((time += 1000)) });
});

/** All files of the store by path, the manifests' own aside. */
async function filesIn(folder = dir): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}

describe("importing a model", () => {
  it("copies a file into the store and describes it", async () => {
    const progress: unknown[] = [];
    const stored = await store.import("adder:1.0.0", fixture("add-one.onnx"), {
      metadata: { author: "ada" },
      onProgress: (step) => progress.push(step),
    });
    const sha256 = (await promisify(execFile)("sha256sum", [fixture("add-one.onnx")])).stdout.slice(0, 64);
    expect(stored).toEqual({
      formatVersion: 1,
      name: "adder",
      version: "1.0.0",
      digest: `sha256:${sha256}`,
      format: "onnx",
      main: "add-one.onnx",
      files: [{ path: "add-one.onnx", size: 115, sha256 }],
      createdAt: "2026-01-01T00:00:01.000Z",
      metadata: { author: "ada" },
      root: join(dir, "trees", "sha256", sha256),
      path: join(dir, "trees", "sha256", sha256, "add-one.onnx"),
    });
    expect(await readFile(stored.path)).toEqual(await readFile(fixture("add-one.onnx")));
    expect(progress).toEqual([{ doneBytes: 115, totalBytes: 115 }]);
  });

  it("takes bytes, and a folder with the files of the weights", async () => {
    const fromBytes = await store.import("adder:1", await readFile(fixture("add-one.onnx")));
    expect(fromBytes.files).toMatchObject([{ path: "model.onnx", size: 115 }]);
    const folder = await createTempDir();
    for (const name of ["external.onnx", "external.onnx.data"]) await copyFile(fixture(name), join(folder, name));
    await writeFile(join(folder, "notes.txt"), "not part of the model");
    const fromFolder = await store.import("linear:1", folder);
    expect(fromFolder).toMatchObject({
      main: "external.onnx",
      files: [{ path: "external.onnx" }, { path: "external.onnx.data" }],
    });
    expect(await readdir(fromFolder.root)).toEqual(["external.onnx", "external.onnx.data"]);
  });

  it("takes a SavedModel with its folders, under a digest over all of it, and gives it back", async () => {
    const stored = await store.import("mlp:1", fixture("tensorflow/mlp"));
    expect(stored).toMatchObject({ format: "saved-model", main: "saved_model.pb" });
    const index = "variables/variables.index";
    expect(await readFile(join(stored.root, index))).toEqual(await readFile(fixture(`tensorflow/mlp/${index}`)));
    const file = join(await createTempDir(), "mlp.tar");
    await store.export("mlp:1", file);
    const other = createModelStore(join(await createTempDir(), "models"));
    expect(await other.importArchive(file)).toMatchObject({
      manifest: { digest: stored.digest, main: "saved_model.pb" },
    });
  });

  it("takes a TF.js model with its weights, by its file or its folder", async () => {
    const stored = await store.import("web:1", fixture("tfjs/mlp-graph/model.json"));
    expect(stored).toMatchObject({ format: "tfjs", main: "model.json" });
    expect(stored.files.map(({ path }) => path)).toEqual([
      "model.json",
      "group1-shard1of2.bin",
      "group1-shard2of2.bin",
    ]);
    expect((await store.import("web:2", fixture("tfjs/mlp-graph"))).digest).toBe(stored.digest);
  });

  it("keeps each content once, whatever its tags", async () => {
    const one = await store.import("adder:1", fixture("add-one.onnx"));
    const two = await store.import("other:7", fixture("add-one.onnx"));
    expect(two.path).toBe(one.path);
    expect(await readdir(join(dir, "blobs", "sha256"))).toHaveLength(1);
    // Name in the tree and blob are one file.
    expect((await stat(one.path)).nlink).toBe(2);
  });

  it("does nothing for the same content under the same tag, and never changes what a tag holds", async () => {
    const first = await store.import("adder:1", fixture("add-one.onnx"), { metadata: { first: "yes" } });
    expect(await store.import("adder:1", fixture("add-one.onnx"))).toEqual(first);
    await expect(store.import("adder:1", fixture("scalar.onnx"))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^"adder:1" is taken by another model \(sha256:[0-9a-f]{12}…, this one is sha256:[0-9a-f]{12}…\): choose another version, or delete "adder:1" first$/,
      ),
    });
    expect((await store.get("adder:1")).digest).toBe(first.digest);
  });

  it("refuses what is no model, is not there or has no fit tag, and leaves nothing behind", async () => {
    await expect(store.import("x:1", fixture("broken.onnx"))).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(store.import("x:1", Buffer.from("hello"))).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(store.import("x:1", fixture("no-such.onnx"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.import("x", fixture("add-one.onnx"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(store.import("x:latest", fixture("add-one.onnx"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(store.import("x:1", await readFile(fixture("external.onnx")))).rejects.toMatchObject({
      message: expect.stringContaining("external.onnx.data"),
    });
    await expect(store.import("x:1", fixture("add-one.onnx"), { metadata: { n: 1 } as never })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "metadata: expected an object of texts, 64 KiB at most",
    });
    expect(await filesIn()).toEqual([]);
  });

  it("leaves nothing behind when it is cancelled or its caller throws", async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(store.import("adder:1", fixture("add-one.onnx"), { signal: controller.signal })).rejects.toMatchObject(
      { code: "CANCELLED" },
    );
    const onProgress = (): never => {
      throw new Error("the caller's own");
    };
    await expect(store.import("adder:1", fixture("add-one.onnx"), { onProgress })).rejects.toThrow("the caller's own");
    expect(await filesIn()).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  it("shows no half model when the process is killed, and clears up a day later", async () => {
    const code = `
      import { createModelStore } from ${JSON.stringify(new URL("./model-store.ts", import.meta.url).href)};
      const onProgress = () => process.kill(process.pid, "SIGKILL");
      await createModelStore(${JSON.stringify(dir)}).import("adder:1", ${JSON.stringify(fixture("add-one.onnx"))}, { onProgress });`;
    await expect(promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code])).rejects.toMatchObject({
      signal: "SIGKILL",
    });
    expect(await store.list()).toEqual([]);
    const [left] = await readdir(join(dir, "tmp"));
    expect(left).toBeDefined();
    // What is being written now stays.
    await collectGarbage(storeLayout(dir), Date.now());
    expect(await readdir(join(dir, "tmp"))).toEqual([left]);
    await collectGarbage(storeLayout(dir), Date.now() + 25 * 60 * 60 * 1000);
    expect(await filesIn()).toEqual([]);
    expect(await store.import("adder:1", fixture("add-one.onnx"))).toMatchObject({ name: "adder" });
  });

  it("takes several imports at once, of one content and of several for one tag", async () => {
    const same = await Promise.all(
      Array.from({ length: 6 }, (_, index) => store.import(`adder:${index}`, fixture("add-one.onnx"))),
    );
    expect(new Set(same.map(({ path }) => path)).size).toBe(1);
    const race = await Promise.allSettled([
      store.import("race:1", fixture("scalar.onnx")),
      store.import("race:1", fixture("two-inputs.onnx")),
    ]);
    expect(race.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(race.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "FAILED_PRECONDITION" } });
    expect(await store.list()).toHaveLength(7);
    expect(await readdir(join(dir, "tmp"))).toEqual([]);
  });

  it("repairs content that was damaged on disk", async () => {
    const stored = await store.import("adder:1", fixture("add-one.onnx"));
    await chmod(stored.path, 0o644);
    await writeFile(stored.path, "damaged");
    await store.import("adder:1", fixture("add-one.onnx"));
    expect(await readFile(stored.path)).toEqual(await readFile(fixture("add-one.onnx")));
    await rm(stored.root, { recursive: true });
    await store.import("adder:2", fixture("add-one.onnx"));
    expect(await readFile(stored.path)).toEqual(await readFile(fixture("add-one.onnx")));
  });
});

describe("finding models", () => {
  it("gives the newest for a name alone and for latest, whatever the order of the versions", async () => {
    await store.import("adder:2.0.0", fixture("add-one.onnx"));
    await store.import("adder:1.9.0", fixture("scalar.onnx"));
    await store.import("alpha:1", fixture("two-inputs.onnx"));
    expect(await store.get("adder")).toMatchObject({ version: "1.9.0" });
    expect(await store.get("adder:latest")).toMatchObject({ version: "1.9.0" });
    expect(await store.get("adder:2.0.0")).toMatchObject({ main: "add-one.onnx" });
    expect((await store.list()).map(({ name, version }) => `${name}:${version}`)).toEqual([
      "adder:1.9.0",
      "adder:2.0.0",
      "alpha:1",
    ]);
  });

  it("says what there is when a tag is not", async () => {
    await expect(store.get("adder:1")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `there is no model "adder:1" in the store ${dir}: it holds nothing yet`,
    });
    await store.import("adder:1", fixture("add-one.onnx"));
    await expect(store.get("subtractor")).rejects.toMatchObject({
      message: expect.stringContaining("it holds adder:1"),
    });
    await expect(store.get("../../etc:1")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("names a manifest that was damaged", async () => {
    const stored = await store.import("adder:1", fixture("add-one.onnx"));
    const path = join(dir, "manifests", "adder", "1.json");
    const tampered = [
      ["{", "expected JSON"],
      ["[]", "expected formatVersion 1"],
      [JSON.stringify({ ...stored, formatVersion: 2 }), "expected formatVersion 1, got 2"],
      [JSON.stringify({ ...stored, digest: `sha256:${"0".repeat(64)}` }), "its digest is not that of its files"],
      [
        JSON.stringify({ ...stored, files: [{ ...stored.files[0], path: "../x" }] }),
        "expected files, each with path, size and sha256",
      ],
      [JSON.stringify({ ...stored, main: "other.onnx" }), "expected main to be one of the files"],
    ] as const;
    for (const [text, fault] of tampered) {
      await writeFile(path, text);
      await expect(store.list()).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(`${path} is not a model manifest: ${fault}`),
      });
    }
  });
});

describe("deleting a model", () => {
  it("removes the tag, and the content when no other tag names it", async () => {
    await store.import("adder:1", fixture("add-one.onnx"));
    const two = await store.import("adder:2", fixture("add-one.onnx"));
    expect(await store.delete("adder:1")).toMatchObject({ manifest: { version: "1" }, freedBytes: 0 });
    expect(await readFile(two.path)).toHaveLength(115);
    expect(await store.delete("adder:2")).toMatchObject({ freedBytes: 115 });
    expect(await filesIn()).toEqual([]);
  });

  it("wants the version, and a tag that is there", async () => {
    await store.import("adder:1", fixture("add-one.onnx"));
    await expect(store.delete("adder")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(store.delete("adder:2")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await store.list()).toHaveLength(1);
  });

  it("may be done while others import the same content", async () => {
    await store.import("adder:0", fixture("add-one.onnx"));
    const work = Array.from({ length: 5 }, async (_, index) => {
      const tag = `adder:${index + 1}`;
      await store.import(tag, fixture("add-one.onnx"));
      await store.delete(tag);
      await store.import(tag, fixture("add-one.onnx"));
    });
    await Promise.all([...work, store.delete("adder:0")]);
    expect(await store.list()).toHaveLength(5);
    const { path } = await store.get("adder:3");
    expect(await readFile(path)).toEqual(await readFile(fixture("add-one.onnx")));
  });
});

describe("an archive", () => {
  const archive = (): string => join(dir, "..", "adder.tar");
  const elsewhere = (): ModelStore => createModelStore(join(dir, "..", "elsewhere"));

  it("carries a model to another store, with all that is known of it", async () => {
    const folder = await createTempDir();
    for (const name of ["external.onnx", "external.onnx.data"]) await copyFile(fixture(name), join(folder, name));
    const stored = await store.import("linear:1.0.0", folder, { metadata: { r2: "0.9" } });
    const progress: unknown[] = [];
    await store.export("linear", archive(), { onProgress: (step) => progress.push(step) });
    expect(progress.at(-1)).toEqual({ doneBytes: 307, totalBytes: 307 });
    const listing = (await promisify(execFile)("tar", ["-tf", archive()])).stdout;
    expect(listing).toBe(
      ["manifest.json", ...stored.files.map(({ sha256 }) => `blobs/sha256/${sha256}`), ""].join("\n"),
    );

    const { manifest, skippedFiles } = await elsewhere().importArchive(archive());
    const { root: _root, path: _path, ...expected } = stored;
    expect(manifest).toEqual(expected);
    expect(skippedFiles).toBe(0);
    const arrived = await elsewhere().get("linear:1.0.0");
    for (const name of ["external.onnx", "external.onnx.data"]) {
      expect(await readFile(join(arrived.root, name))).toEqual(await readFile(fixture(name)));
    }
  });

  it("is the same bytes for the same model, and replaces an older file", async () => {
    await store.import("adder:1", fixture("add-one.onnx"));
    await writeFile(archive(), "older");
    await store.export("adder:1", archive());
    const first = await readFile(archive());
    await utimes(archive(), 0, 0);
    await store.export("adder:1", archive());
    expect(await readFile(archive())).toEqual(first);
    expect(await readdir(join(dir, ".."))).toEqual(["adder.tar", "models"]);
  });

  it("does not write again what the store holds", async () => {
    await store.import("adder:1", fixture("add-one.onnx"));
    await store.export("adder:1", archive());
    expect(await store.importArchive(archive())).toMatchObject({ manifest: { name: "adder" }, skippedFiles: 1 });
    await elsewhere().import("same-content:5", fixture("add-one.onnx"));
    expect(await elsewhere().importArchive(archive())).toMatchObject({ skippedFiles: 1 });
    expect(await elsewhere().list()).toHaveLength(2);
    await elsewhere().delete("adder:1");
    await elsewhere().import("adder:1", fixture("scalar.onnx"));
    await expect(elsewhere().importArchive(archive())).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('"adder:1" is taken by another model'),
    });
  });

  it("is not written from files that were changed", async () => {
    const stored = await store.import("adder:1", fixture("add-one.onnx"));
    await chmod(stored.path, 0o644);
    await writeFile(stored.path, Buffer.alloc(115));
    await expect(store.export("adder:1", archive())).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: '"add-one.onnx" was changed after it was imported: delete the model and import it again',
    });
    expect(await readdir(join(dir, ".."))).toEqual(["models"]);
  });
});
