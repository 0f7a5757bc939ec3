import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { pack } from "tar-stream";
import type { BlobStore } from "../blobs/blob-store.ts";
import { writeWhole } from "../files/whole-file.ts";
import { takeImage } from "./read-layout.ts";
import { readRoot } from "./read-json.ts";
import type { Descriptor } from "./types.ts";
import { layoutFiles } from "./write-layout.ts";

interface ArchiveTarget {
  readonly file: string;
  readonly tags: readonly string[];
  readonly blobs: BlobStore;
  /** The tar is written at once and put in place when this resolves; never when it rejects. */
  readonly mayDeliver?: Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes an image as one tar that `docker load` and `podman load` take, an OCI layout at the same time; it appears whole or not at all.
 *
 * Throws INVALID_ARGUMENT for an image of several platforms: engines load one. Source: Docker Image Specification v1.2; OCI Image Format 1.1, "Image Layout".
 */
export async function writeArchive(root: Descriptor, target: ArchiveTarget): Promise<void> {
  const { file, tags, blobs, mayDeliver, signal } = target;
  const read = await readRoot(root, blobs);
  if (read.kind === "index") {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${file}: engines load an image of one platform from a tar: name one with --platform, or a folder with -o`,
    );
  }
  const { config, layers } = read.manifest;
  const saved = [{ Config: blobName(config), RepoTags: tags, Layers: layers.map(blobName) }];
  const texts = { ...layoutFiles(root, tags), "manifest.json": JSON.stringify(saved) };
  await writeWhole(resolve(file), async (temporary) => {
    const tar = pack();
    const written = pipeline(tar, createWriteStream(temporary), signal === undefined ? {} : { signal });
    await Promise.all([written, fill(tar, { root, texts, blobs })]);
    await mayDeliver;
  });
}

async function fill(
  tar: ReturnType<typeof pack>,
  {
    root,
    texts,
    blobs,
  }: { readonly root: Descriptor; readonly texts: Readonly<Record<string, string>>; readonly blobs: BlobStore },
): Promise<void> {
  try {
    for (const [name, text] of Object.entries(texts)) tar.entry({ ...OWNER, name }, text);
    await takeImage(root, blobs, async (descriptor) => {
      const path = await blobs.path(descriptor.digest);
      const entry = tar.entry({ ...OWNER, name: blobName(descriptor), size: (await stat(path)).size });
      await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), entry);
    });
    tar.finalize();
  } catch (cause) {
    tar.destroy(cause instanceof Error ? cause : new Error("the tar can't be written", { cause }));
    throw cause;
  }
}

const OWNER = { uid: 0, gid: 0, mode: 0o644, mtime: new Date(0) };

function blobName({ digest }: Descriptor): string {
  return ["blobs", ...digest.split(":", 2)].join("/");
}
