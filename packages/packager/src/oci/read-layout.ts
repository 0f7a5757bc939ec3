import { createReadStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { BlobStore } from "../blobs/blob-store.ts";
import { isDescriptor, isIndexType, readRoot } from "./read-json.ts";
import { type Descriptor, MEDIA_TYPES, type OciIndex } from "./types.ts";

/** Whether a folder says that it is an OCI layout. */
export function isLayout(dir: string): boolean {
  return existsSync(join(dir, "oci-layout")) && existsSync(join(dir, "index.json"));
}

/**
 * Takes the image of an OCI layout into the store of blobs: the only one, or the one whose name is `name`.
 *
 * Throws FAILED_PRECONDITION when there are several, or a blob is missing or was changed. Source: OCI Image Format 1.1, "Image Layout".
 */
export async function readLayout(
  dir: string,
  {
    blobs,
    name,
    signal,
  }: { readonly blobs: BlobStore; readonly name?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Descriptor> {
  const index = parseIndex(await readFile(join(dir, "index.json"), "utf8"), dir);
  const root = await chooseImage(index, { dir, name, blobs });
  const take = async ({ digest, size }: Descriptor): Promise<void> => {
    if ((await blobs.find(digest)) !== undefined) return;
    const path = join(dir, "blobs", ...digest.split(":", 2));
    if (!existsSync(path)) throw refused(`${dir} is no whole OCI layout: the blob ${digest} is missing`);
    await blobs.put(createReadStream(path), { digest, size }, signal);
  };
  await takeImage(root, blobs, take);
  return root;
}

/** Brings all blobs under a root, each once: `take` is asked for it before it is read. */
export async function takeImage(
  root: Descriptor,
  blobs: BlobStore,
  take: (descriptor: Descriptor) => Promise<void>,
): Promise<void> {
  // A stranger's index may name another one twice, and that one the next: every way to the last would be 2ⁿ.
  const seen = new Set<string>();
  const waiting = [root];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    await take(next);
    const read = await readRoot(next, blobs);
    if (read.kind === "index") waiting.unshift(...read.index.manifests);
    else
      for (const one of [read.manifest.config, ...read.manifest.layers]) {
        if (!seen.has(one.digest)) await take(one);
        seen.add(one.digest);
      }
  }
}

/** Whether all blobs under a root are in the store. */
export async function isWholeImage(root: Descriptor, blobs: BlobStore): Promise<boolean> {
  let isWhole = (await blobs.find(root.digest)) !== undefined;
  if (!isWhole) return false;
  await takeImage(root, blobs, async ({ digest }) => {
    if ((await blobs.find(digest)) === undefined) isWhole = false;
  });
  return isWhole;
}

/** Chooses one image of an `index.json`; the index itself becomes a blob when its images are one for each platform. */
export async function chooseImage(
  index: OciIndex,
  { dir, name, blobs }: { readonly dir: string; readonly name?: string | undefined; readonly blobs: BlobStore },
): Promise<Descriptor> {
  const named = index.manifests.filter((one) => name === undefined || one.annotations?.[REF_NAME] === name);
  const [first, ...others] = named;
  if (first === undefined)
    throw refused(name === undefined ? `${dir} holds no image` : `${dir} holds no image named "${name}"`);
  if (others.every(({ digest }) => digest === first.digest)) return bare(first);
  const isPerPlatform = named.every(({ platform, mediaType }) => platform !== undefined && !isIndexType(mediaType));
  if (!isPerPlatform)
    throw refused(`${dir} holds ${named.length} images: write which one is meant after it, as "${dir}:NAME"`);
  const whole = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: named.map(bare) };
  return { mediaType: MEDIA_TYPES.index, ...(await blobs.put(Buffer.from(JSON.stringify(whole)))) };
}

/** Reads the text of an `index.json`. Throws FAILED_PRECONDITION for another text. */
export function parseIndex(text: string, dir: string): OciIndex {
  try {
    const index = JSON.parse(text) as OciIndex;
    if (Array.isArray(index.manifests) && index.manifests.every(isDescriptor)) return index;
  } catch (cause) {
    throw refused(`${dir} is no OCI layout: its index.json is no JSON`, cause);
  }
  throw refused(`${dir} is no OCI layout: its index.json lists no manifests with digest and size`);
}

/** Annotation of a descriptor that holds an image's name in a layout. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** Without names, which are a layout's. */
function bare({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
}

function refused(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
