import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { buildCacheDir, openBlobStore } from "../blobs/blob-store.ts";
import { usingCache } from "../blobs/using-cache.ts";
import { writeWhole } from "../files/whole-file.ts";
import { readArchive } from "../oci/read-archive.ts";
import { writeLayout } from "../oci/write-layout.ts";
import { isArchiveName } from "./deliver-image.ts";
import { ENGINES } from "../image/engines/all.ts";
import type { EngineName } from "../image/engines/engine.ts";
import { runClient } from "../image/engines/run-client.ts";
import type { ImagePlace } from "./image-report.ts";
import type { ImageWork } from "./make-image.ts";

/** Brings an image that an engine has built to where it is asked for besides. */
export async function deliverFromEngine(engine: EngineName, work: ImageWork): Promise<readonly ImagePlace[]> {
  const places: ImagePlace[] = [{ kind: "engine", at: engine }];
  if (work.output !== undefined) places.push(await saveTo(engine, resolve(work.output), work));
  if (!work.push) return places;
  for (const tag of work.tags) {
    work.onEvent?.({ kind: "step", text: `pushing ${tag}` });
    await ask(engine, ENGINES[engine].push(tag), work, `${tag} can't be pushed`);
    places.push({ kind: "registry", at: tag });
  }
  return places;
}

async function saveTo(engine: EngineName, place: string, work: ImageWork): Promise<ImagePlace> {
  const { env, signal, tags } = work;
  const save = (file: string): Promise<void> =>
    ask(engine, ENGINES[engine].save(tags, file), work, "the image can't be saved");
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

async function ask(
  engine: EngineName,
  args: readonly string[],
  { env, signal }: ImageWork,
  failure: string,
): Promise<void> {
  const { exitCode, output } = await runClient(engine, args, { env, signal });
  if (exitCode === 0) return;
  throw new ServingError("FAILED_PRECONDITION", `${failure}: ${output.trim().split("\n").at(-1) ?? ""}`);
}
