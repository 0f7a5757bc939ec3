import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile } from "@bento-ts/runtime/definition";
import { buildCacheDir, openBlobStore } from "../blobs/blob-store.ts";
import { usingCache } from "../blobs/using-cache.ts";
import { buildOciImage } from "../oci/build-oci-image.ts";
import { findBase } from "./find-base.ts";
import { createdAt } from "./created-at.ts";
import { deliverImage } from "./deliver-image.ts";
import type { MadeImage } from "./image-report.ts";
import type { ImageWork } from "./make-image.ts";

/** Makes an image by itself, out of blobs in the cache, and brings it to where it is asked for. */
export async function buildWithoutEngine(work: ImageWork): Promise<MadeImage> {
  const { base, tags, env, signal, onEvent } = work;
  const platforms = await Promise.all(work.bentoDirs.map(platformOf));
  return usingCache(buildCacheDir(env), signal, async (dir) => {
    const blobs = openBlobStore(dir);
    onEvent?.({ kind: "step", text: `taking the base ${base}` });
    const root = await findBase(base, { baseDir: work.baseDir, platforms, blobs, env, signal, onEvent });
    onEvent?.({ kind: "step", text: "writing layers" });
    const created = createdAt(env);
    const image = await buildOciImage({
      bentoDirs: work.bentoDirs,
      listed: work.listed,
      base: root,
      baseName: base,
      blobs,
      created,
      signal,
      onEvent,
    });
    work.onRead?.();
    const places = await deliverImage(image, work, blobs);
    const [first, ...others] = image.platforms;
    return {
      builder: "oci",
      id: others.length === 0 ? (first?.id ?? null) : null,
      digest: image.root.digest,
      tags,
      base,
      bytes: { uncompressed: null, compressed: first?.bytes ?? null },
      platforms: image.platforms,
      places,
    };
  });
}

async function platformOf(bentoDir: string): Promise<string> {
  return parseBentoFile(await readFile(join(bentoDir, BENTO_FILE_NAME), "utf8")).platform;
}
