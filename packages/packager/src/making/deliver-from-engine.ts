import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildCacheDir, openBlobStore } from "../blobs/blob-store.ts";
import { usingCache } from "../blobs/using-cache.ts";
import { diskFault, makeFolder } from "../files/disk-fault.ts";
import { readArchive } from "../oci/read-archive.ts";
import { writeLayout } from "../oci/write-layout.ts";
import { ENGINES } from "../image/engines/all.ts";
import { askEngine } from "../image/engines/ask-engine.ts";
import type { EngineName } from "../image/engines/engine.ts";
import type { ImagePlace } from "./image-report.ts";
import type { ImageWork } from "./make-image.ts";
import { isArchiveName } from "./output-place.ts";

/** Brings an image that an engine has built to where it is asked for besides. */
export async function deliverFromEngine(engine: EngineName, work: ImageWork): Promise<readonly ImagePlace[]> {
  const { env, signal } = work;
  const places: ImagePlace[] = [{ kind: "engine", at: engine }];
  if (work.output !== undefined) places.push(await saveTo(engine, resolve(work.output), work));
  if (!work.push) return places;
  for (const tag of work.tags) {
    work.onEvent?.({ kind: "step", text: `pushing ${tag}` });
    await askEngine(engine, ENGINES[engine].push(tag), { env, signal }, `${tag} can't be pushed`);
    places.push({ kind: "registry", at: tag });
  }
  return places;
}

/** In a folder of its own: a client that is ended leaves what it was writing, under a name that it has chosen. */
async function saveTo(engine: EngineName, place: string, work: ImageWork): Promise<ImagePlace> {
  const { env, signal, tags } = work;
  const isArchive = isArchiveName(place);
  const parent = isArchive ? dirname(place) : tmpdir();
  await makeFolder(parent);
  const temporary = await mkdtemp(join(parent, ".bento-save-"));
  try {
    const file = join(temporary, "image.tar");
    await askEngine(engine, ENGINES[engine].save(tags, file), { env, signal }, "the image can't be saved");
    if (isArchive) {
      await rename(file, place);
      return { kind: "archive", at: place };
    }
    await usingCache(buildCacheDir(env), signal, async (dir) => {
      const blobs = openBlobStore(dir);
      await writeLayout(await readArchive(file, { blobs, signal }), { dir: place, tags, blobs, signal });
    });
    return { kind: "layout", at: place };
  } catch (cause) {
    throw diskFault(cause, parent);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
