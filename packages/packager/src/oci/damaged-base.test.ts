import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freshBlobs } from "../../../../test/support/small-image.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { pickPlatform } from "./pick-platform.ts";
import { readArchive } from "./read-archive.ts";
import { readLayout } from "./read-layout.ts";
import { MEDIA_TYPES } from "./types.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const config = (more: object): string =>
  JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [] }, ...more });

/** Saves an image as `docker save` does. */
function saved(files: {
  readonly config: string;
  readonly layers?: readonly string[];
  readonly list?: unknown;
}): string {
  const { layers = [] } = files;
  const names = layers.map((_, at) => `layer${at}.tar`);
  const list = files.list ?? [{ Config: "config.json", RepoTags: null, Layers: names }];
  const dir = tempTree({
    "in/manifest.json": list,
    "in/config.json": files.config,
    ...Object.fromEntries(layers.map((layer, at) => [`in/layer${at}.tar`, layer])),
  });
  execFileSync("tar", ["-cf", "../base.tar", "."], { cwd: join(dir, "in") });
  return join(dir, "base.tar");
}

describe("a saved image that is damaged", () => {
  it.each([
    [
      "a layer",
      { config: config({ rootfs: { diff_ids: [`sha256:${sha256("one")}`] } }), layers: ["two"] },
      /the layer layer0\.tar was changed/,
    ],
    ["its variables", { config: config({ config: { Env: "PATH=/bin" } }) }, /is no configuration of an image/],
    ["its labels", { config: config({ config: { Labels: "a" } }) }, /is no configuration of an image/],
    ["its digests", { config: config({ rootfs: { diff_ids: [1] } }) }, /is no configuration of an image/],
    ["its list", { config: "{}", list: [{ Config: "config.json", RepoTags: null, Layers: [null] }] }, /lists none/],
  ])("is refused: %s", async (_part, files, message) => {
    const reading = readArchive(saved(files), { blobs: freshBlobs() });
    await expect(reading).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(message),
    });
  });

  it("is taken without a configuration of its run, and with one that is null", async () => {
    for (const more of [{}, { config: null }, { config: { Env: null, Labels: null } }]) {
      expect(await readArchive(saved({ config: config(more) }), { blobs: freshBlobs() })).toBeDefined();
    }
  });

  it("is refused when its configuration names another number of layers", async () => {
    const blobs = freshBlobs();
    const image = await readArchive(saved({ config: config({ rootfs: { diff_ids: ["sha256:a"] } }) }), { blobs });
    await expect(pickPlatform(image, { platform: "linux/amd64", name: "base", blobs })).rejects.toThrow(
      'the base image "base" is damaged: it has 0 layers, its configuration names 1',
    );
  });
});

describe("a layout of a stranger", () => {
  /** A layout of these indexes, the first one last. */
  function layout(dir: string, blobs: readonly string[], manifests: readonly unknown[]): void {
    writeFileSync(join(dir, "index.json"), JSON.stringify({ manifests }));
    for (const text of blobs) writeFileSync(join(dir, "blobs/sha256", sha256(text)), text);
  }
  const named = (text: string) => ({
    mediaType: MEDIA_TYPES.index,
    digest: `sha256:${sha256(text)}`,
    size: text.length,
  });

  it("is read in as many steps as it has blobs, however often its indexes name each other", async () => {
    const dir = tempTree({ "oci-layout": {}, "blobs/sha256/.keep": "" });
    const texts = [JSON.stringify({ manifests: [] })];
    for (let depth = 0; depth < 60; depth += 1) {
      const below = named(texts.at(-1) ?? "");
      texts.push(JSON.stringify({ manifests: [below, below] }));
    }
    const top = named(texts.at(-1) ?? "");
    layout(dir, texts, [top]);
    const blobs = freshBlobs();
    expect(await readLayout(dir, { blobs })).toEqual(top);
    await expect(pickPlatform(top, { platform: "linux/amd64", name: "base", blobs })).rejects.toThrow(
      "it is made for no platform",
    );
  });

  it.each([[[null]], [["a"]], [[{}]]])("is refused when it lists %j", async (manifests) => {
    const dir = tempTree({ "oci-layout": {}, "blobs/sha256/.keep": "" });
    layout(dir, [], manifests);
    await expect(readLayout(dir, { blobs: freshBlobs() })).rejects.toThrow(
      "its index.json lists no manifests with digest and size",
    );
  });
});
