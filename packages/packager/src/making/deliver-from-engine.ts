import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildCacheDir, openBlobStore } from "../blobs/blob-store.ts";
import { usingCache } from "../blobs/using-cache.ts";
import { writeWhole } from "../files/whole-file.ts";
import { readArchive } from "../oci/read-archive.ts";
import { writeLayout } from "../oci/write-layout.ts";
import { isArchiveName } from "./deliver-image.ts";
import { ENGINES } from "../image/engines/all.ts";
import { askEngine } from "../image/engines/ask-engine.ts";
import type { EngineName } from "../image/engines/engine.ts";
import type { ImagePlace } from "./image-report.ts";
import type { ImageWork } from "./make-image.ts";

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

async function saveTo(engine: EngineName, place: string, work: ImageWork): Promise<ImagePlace> {
  const { env, signal, tags } = work;
  const save = async (file: string): Promise<void> =>
    void (await askEngine(engine, ENGINES[engine].save(tags, file), { env, signal }, "the image can't be saved"));
  if (isArchiveName(place)) {
    await writeWhole(place, save);
    return { kind: "archive", at: place };
  }
  const temporary = await mkdtemp(join(tmpdir(), "bento-save-"));
  try {
    const file = join(temporary, "image.tar");
    await save(file);
    await usingCache(buildCacheDir(env), signal, async (dir) => {
      const blobs = openBlobStore(dir);
      await writeLayout(await readArchive(file, { blobs, signal }), { dir: place, tags, blobs });
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { kind: "layout", at: place };
}
