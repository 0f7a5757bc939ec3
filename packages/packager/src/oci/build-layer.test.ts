import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freshBlobs } from "../../../../test/support/small-image.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { listFiles } from "../files/file-list.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { buildLayer, type BuiltLayer } from "./build-layer.ts";
import { layerEntries } from "./layer-entries.ts";

async function layerOf(dir: string, blobs: BlobStore, signal?: AbortSignal): Promise<BuiltLayer> {
  const plan = { name: "code", copies: [{ from: "service", to: "/app/service" }] } as const;
  const entries = layerEntries(dir, plan, await listFiles(dir));
  return buildLayer(entries, { name: "code", blobs, signal });
}

it("takes a layer from before for the same files, wherever they lie, and makes another after an edit", async () => {
  const blobs = freshBlobs();
  const dir = tempTree({ "service/a.mjs": "abc" });
  const first = await layerOf(dir, blobs);
  expect(await layerOf(tempTree({ "service/a.mjs": "abc" }), blobs)).toEqual({ ...first, isReused: true });
  writeFileSync(join(dir, "service/a.mjs"), "abd");
  const edited = await layerOf(dir, blobs);
  expect(edited.isReused).toBe(false);
  expect(edited.descriptor.digest).not.toBe(first.descriptor.digest);
});

it.each([
  ["cut short", (path: string) => truncateSync(path, 40)],
  ["changed", (path: string) => writeFileSync(path, Buffer.alloc(200))],
])("makes a layer anew whose blob was %s", async (_how, damage) => {
  const blobs = freshBlobs();
  const dir = tempTree({ "service/a.mjs": "abc" });
  const first = await layerOf(dir, blobs);
  damage((await blobs.find(first.descriptor.digest)) ?? "");
  expect(await layerOf(dir, blobs)).toEqual({ ...first, isReused: false });
  expect(await layerOf(dir, blobs)).toEqual({ ...first, isReused: true });
});

it("tells how far it is, and is ended by its signal", async () => {
  const dir = tempTree({ "service/large.bin": Buffer.alloc(9 * 1024 * 1024, 7) });
  const blobs = freshBlobs();
  const controller = new AbortController();
  controller.abort(new Error("stop"));
  await expect(layerOf(dir, blobs, controller.signal)).rejects.toThrow("The operation was aborted");
  expect((await layerOf(dir, blobs)).isReused).toBe(false);
  const events: number[] = [];
  const plan = { name: "code", copies: [{ from: "service", to: "/app" }] } as const;
  const entries = layerEntries(dir, plan, await listFiles(dir));
  await buildLayer(entries, {
    name: "code",
    blobs,
    onEvent: (event) => void (event.kind === "bytes" && events.push(event.doneBytes)),
  });
  expect(events.at(-1)).toBe(9 * 1024 * 1024);
  expect(events.toSorted((a, b) => a - b)).toEqual(events);
});
