import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { text } from "node:stream/consumers";
import { BENTO_FILE_NAME, type BentoFile, parseBentoFile, ServingError } from "@bento-ts/runtime/definition";
import { type BlobStore, openBlobStore } from "../blobs/blob-store.ts";
import { containerPlatform, dockerPlatform } from "../platform.ts";
import { pickPlatform, type PlatformImage } from "./pick-platform.ts";
import { readArchive } from "./read-archive.ts";
import { isLayout, readLayout } from "./read-layout.ts";
import { tarEntries } from "./tar-entries.ts";
import type { Descriptor, OciConfig } from "./types.ts";

/** What an image in a file or a layout is. */
export interface ImageFile {
  /** "sha256:…" of its manifest, by which registries know it; undefined for a tar, whose manifest may be made of it. */
  readonly digest: string | undefined;
  /** "sha256:…" of its configuration. */
  readonly id: string;
  readonly config: OciConfig;
  /** The lowest first, as they lie there: compressed, where they are. */
  readonly layers: readonly { readonly bytes: number; readonly createdBy: string }[];
  readonly bento: BentoFile;
}

/**
 * Reads an image out of a tar (`docker save`, `podman save`, an OCI layout in a tar) or an OCI layout, without an engine: of several platforms this machine's, else
 * one that is there.
 *
 * Throws FAILED_PRECONDITION for a file that is not whole, and for an image that holds no bento.
 */
export async function inspectImageFile(path: string, signal: AbortSignal): Promise<ImageFile> {
  const temp = await mkdtemp(join(tmpdir(), "bento-inspect-"));
  try {
    const blobs = openBlobStore(temp);
    const root = isLayout(path)
      ? await readLayout(path, { blobs, signal })
      : await readArchive(path, { blobs, signal });
    const { descriptor, manifest, config } = await anyPlatform(root, { name: path, blobs });
    const history = (config.history ?? []).filter((one) => one.empty_layer !== true);
    return {
      digest: isLayout(path) ? descriptor.digest : undefined,
      id: manifest.config.digest,
      config,
      layers: manifest.layers.map(({ size }, at) => ({ bytes: size, createdBy: history[at]?.created_by ?? "" })),
      bento: await findBento(manifest.layers, { path, config, blobs, signal }),
    };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

const PLATFORMS = ["linux/amd64", "linux/arm64"];

async function anyPlatform(
  root: Descriptor,
  options: { readonly name: string; readonly blobs: BlobStore },
): Promise<PlatformImage> {
  const own = dockerPlatform(containerPlatform());
  let fault: unknown;
  for (const platform of [own, ...PLATFORMS.filter((other) => other !== own)]) {
    try {
      return await pickPlatform(root, { ...options, platform });
    } catch (cause) {
      fault ??= cause;
    }
  }
  throw fault;
}

interface Search {
  readonly path: string;
  readonly config: OciConfig;
  readonly blobs: BlobStore;
  readonly signal: AbortSignal;
}

/** The highest layer that has it counts. */
async function findBento(layers: readonly Descriptor[], { path, config, blobs, signal }: Search): Promise<BentoFile> {
  const entrypoint = config.config?.Entrypoint ?? [];
  const home = entrypoint[entrypoint.indexOf("--bento") + 1] ?? "/app";
  const wanted = posix.join(home, BENTO_FILE_NAME).slice(1);
  for (const { digest } of layers.toReversed()) {
    for await (const { header, bytes } of tarEntries(await blobs.path(digest), {
      name: `a layer of ${path}`,
      signal,
    })) {
      if (posix.normalize(header.name).replace(/^\//, "") === wanted) return parseBentoFile(await text(bytes));
    }
  }
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the image in ${path} holds no bento (${home}/${BENTO_FILE_NAME}): name one that "bento-ts build" has made`,
  );
}
