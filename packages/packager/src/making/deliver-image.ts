import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BlobStore } from "../blobs/blob-store.ts";
import { isBasePath } from "../oci/base-path.ts";
import type { OciImage } from "../oci/build-oci-image.ts";
import { writeArchive } from "../oci/write-archive.ts";
import { writeLayout } from "../oci/write-layout.ts";
import { pushImage } from "../registry/push-image.ts";
import { ENGINES } from "../image/engines/all.ts";
import { askEngine } from "../image/engines/ask-engine.ts";
import { runClient } from "../image/engines/run-client.ts";
import type { ImagePlace } from "./image-report.ts";
import type { ImageWork } from "./make-image.ts";
import { isArchiveName } from "./output-place.ts";

/**
 * Brings an image to where it is asked for: a file, a folder, registries. When nothing is asked for, into a Docker engine that answers, else into an OCI layout
 * in the project's `.bento-ts`, as it does with several platforms, of which an engine takes one.
 */
export async function deliverImage(image: OciImage, work: ImageWork, blobs: BlobStore): Promise<readonly ImagePlace[]> {
  const { tags, output, mayDeliver, signal, onEvent } = work;
  const places: ImagePlace[] = [];
  if (output !== undefined) places.push(await writeTo(resolve(output), image, { tags, blobs, mayDeliver, signal }));
  await mayDeliver;
  if (work.push) {
    for (const tag of tags) {
      onEvent?.({ kind: "step", text: `pushing ${tag}` });
      const mountFrom = [work.base].filter((base) => !isBasePath(base, work.baseDir));
      const { reference } = await pushImage(image.root, tag, { blobs, env: work.env, signal, onEvent, mountFrom });
      places.push({ kind: "registry", at: reference });
    }
  }
  if (places.length > 0) return places;
  const isLoaded = image.platforms.length === 1 && (await loadIntoDocker(image, work, blobs));
  if (isLoaded) return [{ kind: "engine", at: "docker" }];
  const dir = join(work.projectDir, ".bento-ts", `${work.name}-${work.version}.oci`);
  return [await writeTo(dir, image, { tags, blobs, mayDeliver, signal })];
}

async function writeTo(
  place: string,
  { root }: OciImage,
  options: {
    readonly tags: readonly string[];
    readonly blobs: BlobStore;
    readonly mayDeliver: Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<ImagePlace> {
  const { tags, blobs, mayDeliver, signal } = options;
  if (isArchiveName(place)) {
    await writeArchive(root, { file: place, ...options });
    return { kind: "archive", at: place };
  }
  await mayDeliver;
  await writeLayout(root, { dir: place, tags, blobs, signal });
  return { kind: "layout", at: place };
}

/** Whether a Docker engine answered and has taken the image. */
async function loadIntoDocker({ root }: OciImage, work: ImageWork, blobs: BlobStore): Promise<boolean> {
  const { tags, env, signal, onEvent } = work;
  const version = await runClient("docker", ENGINES.docker.platform, { env, signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (version?.exitCode !== 0) return false;
  onEvent?.({ kind: "step", text: "loading the image into the Docker engine" });
  const temporary = await mkdtemp(join(tmpdir(), "bento-load-"));
  try {
    const file = join(temporary, "image.tar");
    await writeArchive(root, { file, tags, blobs, signal });
    await askEngine("docker", ENGINES.docker.load(file), { env, signal }, "the Docker engine does not take the image");
    return true;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
