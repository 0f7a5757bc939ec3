import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { compressedLayer } from "./build-layer.ts";
import { chooseImage, parseIndex, takeImage } from "./read-layout.ts";
import { readConfig } from "./read-json.ts";
import { plainDigest } from "./read-rootfs.ts";
import { tarEntries } from "./tar-entries.ts";
import { type Descriptor, MEDIA_TYPES, type OciManifest } from "./types.ts";

interface ArchiveOptions {
  readonly blobs: BlobStore;
  /** Name of the image where there are several. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the tar file is of an image: `docker save`, `podman save`, or an OCI layout in a tar. Another one is a root file system. */
export async function isImageArchive(path: string, signal?: AbortSignal): Promise<boolean> {
  for await (const { header } of tarEntries(path, { name: path, signal })) {
    if (MARKS.has(plainName(header.name))) return true;
  }
  return false;
}

/**
 * Takes the image of a tar file into the store of blobs.
 *
 * Throws FAILED_PRECONDITION when it holds several and none is named, and for a file that is not whole. Source: Docker Image Specification v1.2, "Combined Image
 * JSON + Filesystem Changeset Format"; OCI Image Format 1.1, "Image Layout".
 */
export async function readArchive(path: string, { blobs, name, signal }: ArchiveOptions): Promise<Descriptor> {
  const files = await takeFiles(path, { blobs, signal });
  const indexDigest = files.get("index.json");
  if (indexDigest !== undefined) return readIndex(path, { blobs, name, indexDigest });
  const list = files.get("manifest.json");
  if (list === undefined) throw refused(`${path} holds no image: it has neither index.json nor manifest.json`);
  const saved = chooseSaved(parseSaved(await blobText(list, blobs), path), { path, name });
  const config = files.get(saved.Config);
  if (config === undefined) throw refused(`${path} is no whole image: ${saved.Config} is missing`);
  return savedManifest({ path, saved, config, files }, { blobs, signal });
}

async function readIndex(
  path: string,
  {
    blobs,
    name,
    indexDigest,
  }: { readonly blobs: BlobStore; readonly name?: string | undefined; readonly indexDigest: string },
): Promise<Descriptor> {
  const index = parseIndex(await blobText(indexDigest, blobs), path);
  const root = await chooseImage(index, { dir: path, name, blobs });
  await takeImage(root, blobs, async ({ digest }) => {
    if ((await blobs.find(digest)) === undefined)
      throw refused(`${path} is no whole image: the blob ${digest} is missing`);
  });
  return root;
}

/** Marks of an image at the top of a tar. */
const MARKS: ReadonlySet<string> = new Set(["manifest.json", "index.json", "oci-layout"]);

/** Takes every file of the tar in; gives their digests by name. */
async function takeFiles(
  path: string,
  { blobs, signal }: Pick<ArchiveOptions, "blobs" | "signal">,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  const links = new Map<string, string>();
  for await (const { header, bytes } of tarEntries(path, { name: path, signal })) {
    const name = plainName(header.name);
    if (header.type === "file") digests.set(name, (await blobs.put(Readable.from(bytes), {}, signal)).digest);
    // Docker 20.10 saves a layer once and links to it from the images that share it.
    else if (header.type === "symlink") links.set(name, posix.join(posix.dirname(name), header.linkname ?? ""));
    else if (header.type === "link") links.set(name, plainName(header.linkname ?? ""));
  }
  for (const [name, target] of links) {
    const digest = digests.get(target);
    if (digest !== undefined) digests.set(name, digest);
  }
  return digests;
}

interface SavedImage {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

function parseSaved(text: string, path: string): readonly SavedImage[] {
  try {
    const list = JSON.parse(text) as readonly SavedImage[];
    const isList =
      Array.isArray(list) &&
      list.every((one) => typeof one?.Config === "string" && Array.isArray(one.Layers) && one.Layers.every(isText));
    if (isList) return list;
  } catch (cause) {
    throw refused(`${path} holds no image: its manifest.json is no JSON`, cause);
  }
  throw refused(`${path} holds no image: its manifest.json lists none`);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function chooseSaved(
  list: readonly SavedImage[],
  { path, name }: { readonly path: string; readonly name?: string | undefined },
): SavedImage {
  const named = list.filter(({ RepoTags }) => name === undefined || (RepoTags ?? []).includes(name));
  const [only, ...others] = named;
  if (only === undefined) throw refused(`${path} holds no image named "${name ?? ""}"`);
  if (others.length > 0)
    throw refused(`${path} holds ${named.length} images: write which one is meant after it, as "${path}:NAME"`);
  return only;
}

async function savedManifest(
  image: {
    readonly path: string;
    readonly saved: SavedImage;
    readonly config: string;
    readonly files: ReadonlyMap<string, string>;
  },
  { blobs, signal }: { readonly blobs: BlobStore; readonly signal?: AbortSignal | undefined },
): Promise<Descriptor> {
  const config = await descriptorOf(image.config, MEDIA_TYPES.config, blobs);
  const { rootfs } = await readConfig(config, blobs);
  const layers: Descriptor[] = [];
  for (const [at, name] of image.saved.Layers.entries()) {
    const digest = image.files.get(posix.normalize(name));
    if (digest === undefined) throw refused(`${image.path} is no whole image: ${name} is missing`);
    layers.push(await layerOf({ digest, diffId: rootfs.diff_ids[at] ?? "", name }, { blobs, signal }));
  }
  const manifest: OciManifest = { schemaVersion: 2, mediaType: MEDIA_TYPES.manifest, config, layers };
  return { mediaType: MEDIA_TYPES.manifest, ...(await blobs.put(Buffer.from(JSON.stringify(manifest)))) };
}

/** A layer as it was saved is compressed: it would be pushed as it is otherwise. */
async function layerOf(
  { digest, diffId, name }: { readonly digest: string; readonly diffId: string; readonly name: string },
  options: { readonly blobs: BlobStore; readonly signal?: AbortSignal | undefined },
): Promise<Descriptor> {
  const { size } = await descriptorOf(digest, MEDIA_TYPES.layer, options.blobs);
  const path = await options.blobs.path(digest);
  if (digest !== diffId) {
    const plain = await plainDigest(path, options.signal);
    if (plain.digest !== diffId)
      throw refused(`the layer ${name} was changed: it is not the one that the image's configuration names`);
    return { mediaType: MEDIA_TYPES.layer, digest, size };
  }
  const tar = (): Readable => createReadStream(path, { highWaterMark: 1024 * 1024 });
  return (await compressedLayer({ key: digest, tar, totalBytes: size }, { name, ...options })).descriptor;
}

async function descriptorOf(digest: string, mediaType: string, blobs: BlobStore): Promise<Descriptor> {
  return { mediaType, digest, size: (await stat(await blobs.path(digest))).size };
}

async function blobText(digest: string, blobs: BlobStore): Promise<string> {
  return readFile(await blobs.path(digest), "utf8");
}

/** Names in tars may begin with "./". */
function plainName(name: string): string {
  return posix.normalize(name).replace(/^\.?\//, "");
}

function refused(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
