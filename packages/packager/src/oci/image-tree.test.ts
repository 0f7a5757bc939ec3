import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { type ImageTree, readTree } from "./image-tree.ts";
import { tarEntries } from "./tar-entries.ts";

/** Content of a file, null for a folder, `->` in front of what a symbolic link leads to, `=` of a hard one. */
type Layer = Readonly<Record<string, string | null>>;

async function treeOf(...layers: readonly Layer[]): Promise<ImageTree> {
  const dir = tempTree();
  const paths = layers.map((_, at) => join(dir, `${at}.tar`));
  for (const [at, layer] of layers.entries()) writeFileSync(paths[at] ?? "", await tarOf(layer));
  return readTree(paths);
}

async function tarOf(layer: Layer): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, content] of Object.entries(layer)) {
    if (content === null) tar.entry({ name: `${name}/`, type: "directory" });
    else if (content.startsWith("->")) tar.entry({ name, type: "symlink", linkname: content.slice(2) });
    else if (content.startsWith("=")) tar.entry({ name, type: "link", linkname: content.slice(1) });
    else tar.entry({ name }, content);
  }
  tar.finalize();
  return buffer(tar as unknown as AsyncIterable<Uint8Array>);
}

const contentAt = (tree: ImageTree, path: string): string | undefined => tree.find(path)?.head.toString();

describe("readTree", () => {
  it("shows the uppermost of the files at one path", async () => {
    const tree = await treeOf({ "bin/sh": "old" }, { "./bin/sh": "new" });
    expect(contentAt(tree, "/bin/sh")).toBe("new");
  });

  // Source: OCI Image Format 1.1, "Whiteouts".
  it("hides what a whiteout names, a folder with all that is in it, and what an opaque folder had below", async () => {
    const lower = { "bin/sh": "a", "lib/deep/x": "a", "etc/one": "a", "etc/two": "a" };
    const tree = await treeOf(lower, { "bin/.wh.sh": "", ".wh.lib": "", "etc/new": "b", "etc/.wh..wh..opq": "" });
    const paths = ["bin/sh", "lib/deep/x", "etc/one", "etc/two", "etc/new"];
    expect(paths.map((path) => contentAt(tree, path))).toEqual([undefined, undefined, undefined, undefined, "b"]);
  });

  it("keeps what the layer of the whiteout brings itself, before or after it, and what a later one brings", async () => {
    expect(contentAt(await treeOf({ "a/x": "1" }, { "a/x": "2", "a/.wh..wh..opq": "" }), "a/x")).toBe("2");
    expect(contentAt(await treeOf({ "a/x": "1" }, { "a/.wh.x": "" }, { "a/x": "3" }), "a/x")).toBe("3");
    expect(contentAt(await treeOf({ "ab/x": "1" }, { ".wh.a": "" }), "ab/x")).toBe("1");
  });

  it("follows links as a container does: inside of the image, to folders too, hard ones, and no circle for ever", async () => {
    const tree = await treeOf({
      "usr/bin/busybox": "box",
      "usr/bin/sh": "=usr/bin/busybox",
      bin: "->usr/bin",
      "usr/bin/sleep": "->/bin/busybox",
      out: "->../../../usr/bin/sh",
      loop: "->loop",
    });
    expect(["bin/sh", "bin/sleep", "out"].map((path) => contentAt(tree, path))).toEqual(["box", "box", "box"]);
    expect(["loop", "loop/x", "bin", "bin/sh/x", "nothing"].map((path) => tree.find(path))).toEqual(
      Array(5).fill(undefined),
    );
  });
});

describe("tarEntries", () => {
  const name = fc.stringMatching(/^[a-z]{1,80}(?:\/[a-z\u00e4\u4e2d]{1,80}){0,3}$/);
  const files = fc.dictionary(name, fc.uint8Array({ maxLength: 2000 }), { maxKeys: 6 });

  it("reads what was written, whatever the names and contents are", async () => {
    await fc.assert(
      fc.asyncProperty(files, async (content) => {
        const tar = pack();
        for (const [path, bytes] of Object.entries(content)) tar.entry({ name: path }, Buffer.from(bytes));
        tar.finalize();
        expect(await read(await buffer(tar as unknown as AsyncIterable<Uint8Array>))).toEqual(
          Object.entries(content).map(([path, bytes]) => [path, Buffer.from(bytes)]),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("ends for any bytes: with entries, or in one sentence", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await read(Buffer.from(bytes)).catch((cause: unknown) => {
          expect(cause).toMatchObject({
            code: "FAILED_PRECONDITION",
            message: expect.stringMatching(/^x is no whole tar: /),
          });
        });
      }),
      { numRuns: 200 },
    );
  });

  async function read(tar: Buffer): Promise<readonly (readonly [string, Buffer])[]> {
    const path = join(tempTree(), "x.tar");
    writeFileSync(path, tar);
    const found: (readonly [string, Buffer])[] = [];
    for await (const { header, bytes } of tarEntries(path, { name: "x" })) {
      found.push([header.name, await buffer(bytes)]);
    }
    return found;
  }
});
