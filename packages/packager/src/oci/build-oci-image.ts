import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { type ListedFile, listFiles } from "../files/file-list.ts";
import { type ImagePlan, readImagePlan } from "../image/image-plan.ts";
import type { OnBuildEvent } from "../progress.ts";
import { assertBase } from "./assert-base.ts";
import { isBasePath } from "./base-path.ts";
import { buildLayer } from "./build-layer.ts";
import { imageConfig, type NamedLayer } from "./image-config.ts";
import { layerEntries } from "./layer-entries.ts";
import { type PlatformImage, pickPlatform } from "./pick-platform.ts";
import { type Descriptor, MEDIA_TYPES, type OciIndex, type OciManifest } from "./types.ts";

/** What `buildOciImage` is asked for. */
export interface OciImageOptions {
  /** Folders of bentos of one service, each for a platform of its own. */
  readonly bentoDirs: readonly string[];
  /** Files of these folders where they were listed before: reading them takes a second. */
  readonly listed?: ReadonlyMap<string, readonly ListedFile[]> | undefined;
  /** The base: an image or an index, whose blobs are in the store. */
  readonly base: Descriptor;
  /** The base as the user names it. */
  readonly baseName: string;
  readonly blobs: BlobStore;
  /** RFC 3339; the beginning of 1970 unless given, so that equal inputs give equal images. */
  readonly created?: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnBuildEvent | undefined;
}

/** An image in the store of blobs. */
export interface OciImage {
  /** A manifest for one platform, an index for several. */
  readonly root: Descriptor;
  readonly platforms: readonly BuiltPlatform[];
}

export interface BuiltPlatform {
  readonly platform: string;
  /** Digest of the configuration, which engines call the image's id. */
  readonly id: string;
  /** Compressed, base included. */
  readonly bytes: number;
  /** Compressed. */
  readonly baseBytes: number;
  /** Those above the base. */
  readonly layers: readonly NamedLayer[];
}

/**
 * Builds the image of bentos on a base, without an engine. The same bentos and base give the same digests, on any machine and at any time.
 *
 * Throws FAILED_PRECONDITION when the base is not there for a bento's platform. Source: OCI Image Format 1.1.
 */
export async function buildOciImage(options: OciImageOptions): Promise<OciImage> {
  const built: (BuiltPlatform & { readonly descriptor: Descriptor })[] = [];
  for (const bentoDir of options.bentoDirs) built.push(await buildPlatform(bentoDir, options));
  const platforms = built.map(({ descriptor: _descriptor, ...rest }) => rest);
  const [only, ...others] = built;
  if (only !== undefined && others.length === 0) return { root: only.descriptor, platforms };
  const index: OciIndex = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: built.map(({ descriptor }) => descriptor),
  };
  return { root: await putJson(index, MEDIA_TYPES.index, options.blobs), platforms };
}

async function buildPlatform(
  bentoDir: string,
  { listed, base, baseName, blobs, created = "1970-01-01T00:00:00Z", signal, onEvent }: OciImageOptions,
): Promise<BuiltPlatform & { readonly descriptor: Descriptor }> {
  const { platform } = parseBentoFile(await readFile(join(bentoDir, BENTO_FILE_NAME), "utf8"));
  const plan = await readImagePlan(bentoDir);
  const under = await pickPlatform(base, { platform, name: baseName, blobs });
  await assertBase(under, { name: baseName, blobs, signal });
  const files = listed?.get(bentoDir) ?? (await listFiles(bentoDir, { signal }));
  const layers: NamedLayer[] = [];
  for (const layer of plan.layers) {
    const entries = layerEntries(bentoDir, layer, files);
    layers.push({ name: layer.name, ...(await buildLayer(entries, { name: layer.name, blobs, signal, onEvent })) });
  }
  const labels = { ...plan.labels, ...baseLabels(under, { base: baseName }) };
  const config = imageConfig({ ...plan, labels }, { base: under.config, layers, created });
  const configDescriptor = await putJson(config, MEDIA_TYPES.config, blobs);
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: configDescriptor,
    layers: [...under.manifest.layers.map(toOciLayer), ...layers.map(({ descriptor }) => descriptor)],
    annotations: labels,
  };
  const [os = "", architecture = ""] = platform.split("/");
  const descriptor = { ...(await putJson(manifest, MEDIA_TYPES.manifest, blobs)), platform: { os, architecture } };
  const bytes = manifest.layers.reduce((sum, { size }) => sum + size, configDescriptor.size);
  const baseBytes = under.manifest.layers.reduce((sum, { size }) => sum + size, 0);
  return { descriptor, platform, id: configDescriptor.digest, bytes, baseBytes, layers };
}

/**
 * What an image stands on: the digest always; the name only where it leads to the same elsewhere too, as a path does not.
 *
 * Source: OCI Image Format 1.1, "Pre-Defined Annotation Keys".
 */
function baseLabels({ descriptor }: PlatformImage, { base }: { readonly base: string }): ImagePlan["labels"] {
  const name: ImagePlan["labels"] = isBasePath(base, process.cwd())
    ? {}
    : { "org.opencontainers.image.base.name": base };
  return { ...name, "org.opencontainers.image.base.digest": descriptor.digest };
}

/** Docker's media types of layers say the same as OCI's: one manifest has those of one family. */
function toOciLayer({ digest, size, mediaType }: Descriptor): Descriptor {
  return { mediaType: mediaType === MEDIA_TYPES.dockerLayer ? MEDIA_TYPES.layer : mediaType, digest, size };
}

async function putJson(value: object, mediaType: string, blobs: BlobStore): Promise<Descriptor> {
  return { mediaType, ...(await blobs.put(Buffer.from(JSON.stringify(value)))) };
}
