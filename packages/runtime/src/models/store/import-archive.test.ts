import { createHash } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { packTar, type TarEntry } from "modern-tar";
import { beforeEach, describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { createModelStore, type ModelStore } from "./model-store.ts";
import { createTempDir } from "../temp-dir.fixture.ts";

const bytes = await readFile(fileURLToPath(new URL("../../../../../test/models/add-one.onnx", import.meta.url)));
const sha256 = createHash("sha256").update(bytes).digest("hex");
const manifest = {
  formatVersion: 1,
  name: "adder",
  version: "1",
  digest: `sha256:${sha256}`,
  format: "onnx",
  main: "add-one.onnx",
  files: [{ path: "add-one.onnx", size: bytes.length, sha256 }],
  createdAt: "2026-01-01T00:00:00.000Z",
  metadata: {},
};

let dir: string;
let store: ModelStore;

beforeEach(async () => {
  dir = await createTempDir();
  store = createModelStore(join(dir, "store"));
});

function entry(name: string, body: string | Uint8Array, header: Partial<TarEntry["header"]> = {}): TarEntry {
  return { header: { name, size: Buffer.byteLength(body), type: "file", ...header }, body };
}

const head = (changes: object = {}): TarEntry => entry("manifest.json", JSON.stringify({ ...manifest, ...changes }));
const blob = entry(`blobs/sha256/${sha256}`, bytes);

async function importing(...entries: TarEntry[]): Promise<unknown> {
  const file = join(dir, "in.tar");
  await writeFile(file, await packTar(entries));
  return store.importArchive(file);
}

async function expectRefusal(reason: string, ...entries: TarEntry[]): Promise<void> {
  await expect(importing(...entries)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(`"in.tar" cannot be imported: ${reason}`),
  });
  expect(await store.list()).toEqual([]);
  const left = await readdir(join(dir, "store"), { recursive: true, withFileTypes: true }).catch(() => []);
  expect(left.filter((found) => found.isFile())).toEqual([]);
}

describe("importArchive", () => {
  it("takes an archive that another tool packed", async () => {
    expect(await importing(head(), blob)).toMatchObject({ manifest: { name: "adder" }, skippedFiles: 0 });
    expect(await readFile((await store.get("adder:1")).path)).toEqual(bytes);
  });

  it("refuses content whose digest is not the announced one", async () => {
    const changed = Buffer.from(bytes);
    changed[50] = (changed[50] ?? 0) ^ 1;
    await expectRefusal("the content of add-one.onnx was changed", head(), entry(`blobs/sha256/${sha256}`, changed));
  });

  it("refuses a manifest whose files climb out of the model's folder", async () => {
    for (const path of ["../../evil.onnx", "/tmp/evil.onnx", "a/../../evil.onnx", "..\\evil.onnx"]) {
      await expectRefusal(
        "manifest.json is not a model manifest: expected files",
        head({ main: path, files: [{ ...manifest.files[0], path }] }),
        blob,
      );
    }
  });

  it("refuses entries that it does not announce, whatever their names", async () => {
    for (const name of [
      "../../evil",
      "/tmp/evil",
      "blobs/sha256/../../evil",
      "manifest.json",
      `blobs/sha256/${"0".repeat(64)}`,
    ]) {
      await expectRefusal(
        `it holds ${JSON.stringify(name)}, which its manifest does not name`,
        head(),
        entry(name, "evil"),
        blob,
      );
    }
    await expectRefusal(`it holds "blobs/sha256/${sha256}", which its manifest does not name`, head(), blob, blob);
  });

  it("refuses links and folders", async () => {
    const link: TarEntry = {
      header: { name: `blobs/sha256/${sha256}`, size: 0, type: "symlink", linkname: "/etc/passwd" },
    };
    await expectRefusal("it holds a symlink", head(), link);
    await expectRefusal("it holds a directory", { header: { name: "blobs/", size: 0, type: "directory" } });
  });

  it("refuses a size that is not the announced one", async () => {
    await expectRefusal("add-one.onnx: expected 115 bytes, got 5", head(), entry(`blobs/sha256/${sha256}`, "short"));
  });

  it("refuses an archive that lacks a file, its manifest, or all of it", async () => {
    await expectRefusal("it ends before add-one.onnx", head());
    await expectRefusal("expected manifest.json as its first file, got", blob);
    await expectRefusal("it is empty");
  });

  it("refuses names of models that are no names", async () => {
    await expectRefusal(
      "manifest.json is not a model manifest: expected a name and a version",
      head({ name: "../up" }),
      blob,
    );
    await expectRefusal(
      "manifest.json is not a model manifest: expected a name and a version",
      head({ version: "a/b" }),
      blob,
    );
  });

  it("refuses a file that was cut off, and one that is no archive", async () => {
    const file = join(dir, "in.tar");
    await writeFile(file, await packTar([head(), blob]));
    await truncate(file, 1100);
    await expect(store.importArchive(file)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await writeFile(file, "hello".repeat(1000));
    await expect(store.importArchive(file)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('"in.tar" cannot be imported'),
    });
    await expect(store.importArchive(join(dir, "none.tar"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await store.list()).toEqual([]);
  });

  it("refuses or takes any damaged archive, and never stores other bytes than the announced ones", async () => {
    const whole = await packTar([head(), blob]);
    const file = join(dir, "damaged.tar");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const damaged = Uint8Array.from(whole);
          for (const [offset, value] of changes) damaged[offset] = value;
          await writeFile(file, damaged);
          const fresh = createModelStore(await createTempDir());
          try {
            const { manifest: taken } = await fresh.importArchive(file);
            expect(await readFile((await fresh.get(`${taken.name}:${taken.version}`)).path)).toEqual(bytes);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(ServingError);
            expect(thrown).toMatchObject({ code: "FAILED_PRECONDITION" });
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
