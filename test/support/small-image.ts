import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { type BlobStore, openBlobStore } from "../../packages/packager/src/blobs/blob-store.ts";
import { type Descriptor, MEDIA_TYPES, type OciPlatform } from "../../packages/packager/src/oci/types.ts";

export const AMD64: OciPlatform = { os: "linux", architecture: "amd64" };
export const ARM64: OciPlatform = { os: "linux", architecture: "arm64" };

/** A store of blobs in a folder of its own, which goes when the test ends. */
export function freshBlobs(): BlobStore {
  const dir = mkdtempSync(join(tmpdir(), "bento-blobs-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return openBlobStore(dir);
}

/** Puts an image for a platform, of one layer of random bytes in a real tar, into a store. */
export async function putImage(
  blobs: BlobStore,
  {
    platform = AMD64,
    layerBytes = 2000,
    layer = tarOf(randomBytes(layerBytes)),
  }: { platform?: OciPlatform; layerBytes?: number; layer?: Buffer } = {},
): Promise<Descriptor & { readonly layer: Descriptor }> {
  const packed = gzipSync(layer, { level: 1 });
  const layerDescriptor = { mediaType: MEDIA_TYPES.layer, ...(await blobs.put(packed)) };
  const diffId = `sha256:${createHash("sha256").update(layer).digest("hex")}`;
  const config = { ...platform, config: {}, rootfs: { type: "layers", diff_ids: [diffId] }, history: [] };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: { mediaType: MEDIA_TYPES.config, ...(await putJson(blobs, config)) },
    layers: [layerDescriptor],
  };
  return { mediaType: MEDIA_TYPES.manifest, ...(await putJson(blobs, manifest)), platform, layer: layerDescriptor };
}

/** Puts an index of images into a store. */
export async function putIndex(blobs: BlobStore, images: readonly Descriptor[]): Promise<Descriptor> {
  const manifests = images.map(({ mediaType, digest, size, platform }) => ({ mediaType, digest, size, platform }));
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests };
  return { mediaType: MEDIA_TYPES.index, ...(await putJson(blobs, index)) };
}

async function putJson(blobs: BlobStore, value: unknown): Promise<{ readonly digest: string; readonly size: number }> {
  return blobs.put(Buffer.from(JSON.stringify(value)));
}

/** A tar with one file, `data`. Source: POSIX ustar. */
function tarOf(content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write("data");
  header.write("0000644 0000000 0000000 ", 100);
  header.write(`${content.length.toString(8).padStart(11, "0")} `, 124);
  header.write("00000000000         0", 136);
  header.write("ustar\u{0}00", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\u{0} `, 148);
  return Buffer.concat([header, content, Buffer.alloc(512 - (content.length % 512 || 512)), Buffer.alloc(1024)]);
}
