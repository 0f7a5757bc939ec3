import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { BlobStore } from "../blobs/blob-store.ts";
import { compressedLayer } from "./build-layer.ts";
import { plainBytes } from "./tar-entries.ts";
import { type Descriptor, MEDIA_TYPES, type OciConfig, type OciManifest } from "./types.ts";

/**
 * Makes an image of one layer of the tar of a root file system, plain or compressed, such as debootstrap's or `docker export`'s.
 *
 * `platform` is what the files are for, `linux/amd64`: nothing in a tar says so.
 */
export async function readRootfs(
  path: string,
  {
    platform,
    blobs,
    signal,
  }: { readonly platform: string; readonly blobs: BlobStore; readonly signal?: AbortSignal | undefined },
): Promise<Descriptor> {
  const { digest, size } = await plainDigest(path, signal);
  const tar = async function* (): AsyncGenerator<Uint8Array> {
    yield* await plainBytes(path);
  };
  const source = { key: digest, tar: () => Readable.from(tar()), totalBytes: size };
  const { descriptor, diffId } = await compressedLayer(source, { name: "base", blobs, signal });
  const [os = "", architecture = ""] = platform.split("/");
  const config: OciConfig = {
    architecture,
    os,
    config: { Env: [PATH] },
    rootfs: { type: "layers", diff_ids: [diffId] },
  };
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: { mediaType: MEDIA_TYPES.config, ...(await blobs.put(Buffer.from(JSON.stringify(config)))) },
    layers: [descriptor],
  };
  return { mediaType: MEDIA_TYPES.manifest, ...(await blobs.put(Buffer.from(JSON.stringify(manifest)))) };
}

/** Where programs are looked for: what engines put in the place of none. Source: moby, "DefaultPathEnvUnix". */
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Digest and size in bytes of what is in a file, decompressed. */
export async function plainDigest(
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly digest: string; readonly size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of (await plainBytes(path)) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}
