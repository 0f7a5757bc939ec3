import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPackage } from "../dependencies/installed-package.ts";
import { findLockfile } from "../dependencies/lockfile.ts";
import type { PlacedPackage } from "../dependencies/walk-closure.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { listContents } from "./list-contents.ts";

const { signal } = new AbortController();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const integrity = `sha512-${createHash("sha512").update("tarball").digest("base64")}`;
const tarball = { algorithm: "sha512", hex: createHash("sha512").update("tarball").digest("hex") };

/** A project that is its own bento, which spares the copying. */
function staged(): string {
  return tempTree({
    "package-lock.json": {
      lockfileVersion: 3,
      packages: {
        "node_modules/vips": { version: "1.0.0", integrity },
        "node_modules/old": { version: "1.0.0", integrity },
      },
    },
    "node_modules/vips/package.json": { name: "vips", version: "1.0.0", license: "LGPL-3.0-or-later" },
    "node_modules/vips/versions.json": { glib: "2.90.0" },
    "node_modules/vips/lib/libvips.so.8": "vips",
    "node_modules/old/package.json": { name: "old", version: "1.5.0", licenses: [{ type: "MIT" }, { type: "ISC" }] },
  });
}

describe("listContents", () => {
  it("lists packages with their hashes, their native files and what is linked into them, and Node", async () => {
    const stage = staged();
    const placed = (name: string, needs: readonly string[] = []): PlacedPackage => ({
      place: `node_modules/${name}`,
      package: readPackage(join(stage, "node_modules", name)),
      needs,
      askedBy: [],
    });
    const items = await listContents({
      stage,
      packages: [placed("old", ["node_modules/vips"]), placed("vips")],
      natives: ["node_modules/vips/lib/libvips.so.8"],
      tensorFlow: undefined,
      node: { version: "24.21.0", sha256: sha256("node") },
      models: [],
      lockfile: findLockfile(stage),
      signal,
    });
    const library = "node_modules/vips/lib/libvips.so.8";
    expect(items).toMatchObject([
      { id: "node/bin/node", kind: "node", version: "24.21.0", hashes: [{ algorithm: "sha256", hex: sha256("node") }] },
      // Another version than the locked one: the lock knows nothing of its bytes.
      { id: "node_modules/old", licence: "(MIT OR ISC)", hashes: [], needs: ["node_modules/vips"] },
      { id: "node_modules/vips", licence: "LGPL-3.0-or-later", hashes: [tarball], needs: [library] },
      { id: library, kind: "library", name: "libvips", version: "1.0.0", hashes: [{ hex: sha256("vips") }] },
      { id: `${library}#glib`, name: "glib", version: "2.90.0", purl: "pkg:generic/glib@2.90.0" },
    ]);
  });

  it("lists a model of one file with its hash, one of several with each file below it, and none that is mounted", async () => {
    const stage = staged();
    const digest = "sha256:1234";
    const file = (path: string, text: string): { path: string; size: number; sha256: string } => ({
      path,
      size: text.length,
      sha256: sha256(text),
    });
    const one = {
      source: "a.onnx",
      engine: "onnx",
      path: "models/1/a.onnx",
      digest,
      files: [file("models/1/a.onnx", "a")],
    };
    const parts = [file("models/2/b.onnx", "b"), file("models/2/b.data", "c")];
    const items = await listContents({
      stage,
      packages: [],
      natives: [],
      tensorFlow: undefined,
      node: { version: "24.21.0", sha256: sha256("node") },
      models: [
        one,
        { ...one, source: "same.onnx" },
        { source: "b.onnx", engine: "onnx", path: "models/2/b.onnx", digest, files: parts },
        { source: "/mnt/c.onnx", engine: "onnx", path: null, digest: null, files: [] },
      ],
      lockfile: undefined,
      signal,
    });
    expect(items.slice(0, -1)).toMatchObject([
      {
        id: "models/1/a.onnx",
        kind: "model",
        name: "a.onnx",
        hashes: [{ hex: sha256("a") }],
        facts: { digest, format: "onnx" },
      },
      { id: "models/2", kind: "model", name: "b.onnx", hashes: [], needs: ["models/2/b.onnx", "models/2/b.data"] },
      { id: "models/2/b.data", kind: "model-file", hashes: [{ hex: sha256("c") }] },
      { id: "models/2/b.onnx", kind: "model-file", hashes: [{ hex: sha256("b") }] },
    ]);
  });
});
