import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { isIndexType, readConfig, readRoot } from "./read-json.ts";
import type { Descriptor, OciConfig, OciManifest, OciPlatform } from "./types.ts";

/** One image for one platform. */
export interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly manifest: OciManifest;
  readonly config: OciConfig;
}

/**
 * The image for a platform, written as `linux/amd64`, among those that a root stands for.
 *
 * Throws FAILED_PRECONDITION that names the platforms there are. `name` is the image's for the message.
 */
export async function pickPlatform(
  root: Descriptor,
  { platform, name, blobs }: { readonly platform: string; readonly name: string; readonly blobs: BlobStore },
): Promise<PlatformImage> {
  const found: string[] = [];
  for (const descriptor of await manifestsOf(root, blobs)) {
    if (descriptor.platform !== undefined && platformText(descriptor.platform) !== platform) {
      found.push(platformText(descriptor.platform));
      continue;
    }
    const read = await readRoot(descriptor, blobs);
    if (read.kind === "index") continue;
    const config = await readConfig(read.manifest.config, blobs);
    if (platformText(config) === platform) {
      assertLayers({ layers: read.manifest.layers.length, named: config.rootfs.diff_ids.length, name });
      return { descriptor, manifest: read.manifest, config };
    }
    found.push(platformText(config));
  }
  const known = [...new Set(found)].filter((text) => !text.startsWith("unknown")).sort();
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the base image "${name}" is not there for ${platform}: it is made for ${known.join(", ") || "no platform"}`,
  );
}

/** Source: OCI Image Format 1.1, "Image Configuration", rootfs: engines refuse an image in which they differ. */
function assertLayers(found: { readonly layers: number; readonly named: number; readonly name: string }): void {
  const { layers, named, name } = found;
  if (layers === named) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the base image "${name}" is damaged: it has ${layers} layers, its configuration names ${named}`,
  );
}

/** All images under a root, an index inside of an index included. */
async function manifestsOf(root: Descriptor, blobs: BlobStore, depth = 0): Promise<readonly Descriptor[]> {
  if (depth > MAX_DEPTH) return [];
  const read = await readRoot(root, blobs);
  if (read.kind === "manifest") return [root];
  const nested = read.index.manifests.map(async (one) =>
    isIndexType(one.mediaType) ? manifestsOf(one, blobs, depth + 1) : [one],
  );
  return (await Promise.all(nested)).flat();
}

/** As container engines write it; variants of one architecture run on each other's machines as far as images of Debian go. */
function platformText({ os, architecture }: OciPlatform): string {
  return `${os}/${architecture}`;
}

/** Of an index inside of an index: no tool writes more than one. */
const MAX_DEPTH = 2;
