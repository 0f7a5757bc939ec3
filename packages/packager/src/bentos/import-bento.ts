import { constants, copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile, ServingError } from "@bento-ts/runtime/definition";
import type { CopyOptions } from "@bento-ts/runtime/models-store";
import { type ArchiveReader, openArchive } from "./archive-reader.ts";
import type { BentoManifest } from "./bento-manifest.ts";
import { contentsOf } from "./export-bento.ts";
import { type PlacedBento, placeBento, takeBlob } from "./place-bento.ts";
import { readTag } from "./read-tags.ts";
import { withStage } from "./staged-work.ts";
import type { BentoLayout } from "./store-layout.ts";
import { storeVersion } from "./store-version.ts";

/**
 * Takes a bento out of a file that `exportBento` wrote, which may come from a stranger; content that is in the store is not read again.
 *
 * Names of entries never become paths, and paths of the manifest never leave the bento. Throws NOT_FOUND for a file that is not there, FAILED_PRECONDITION for any
 * other file, and for a tag that holds another bento.
 */
export async function importBento(layout: BentoLayout, file: string, options: CopyOptions): Promise<PlacedBento> {
  // Before it is opened: a pipe would be waited for without end.
  if ((await stat(file).catch(() => undefined))?.isFile() === false)
    throw new ServingError("FAILED_PRECONDITION", `"${file}" can't be imported: it is no file`);
  const archive = await openArchive(file).catch((cause: unknown) => {
    throw new ServingError("NOT_FOUND", `there is no readable file ${file}`, { cause });
  });
  try {
    return await withStage(layout, async (stage) => {
      const manifest = await archive.manifest();
      await assertFree(layout, manifest);
      const contents = await unpack(layout, { archive, manifest, stage, options });
      return placeBento(layout, manifest, {
        stage,
        // Not a link: links of a file share its mode, and a content may be that of a program and of another file.
        bring: ({ sha256 }, target) => copyFile(join(contents, sha256), target, constants.COPYFILE_FICLONE),
      });
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (!(cause instanceof ServingError)) throw cause;
    throw new ServingError(cause.code, `"${basename(file)}" can't be imported: ${cause.message}`, { cause });
  } finally {
    await archive.close();
  }
}

async function assertFree(layout: BentoLayout, { name, version, platform, digest }: BentoManifest): Promise<void> {
  const taken = await readTag(layout, { name, version, platform });
  if (taken === undefined || taken.digest === digest) return;
  const tag = `${name}:${version}`;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `${tag} for ${platform} is taken by another bento (${taken.digest.slice(0, 19)}…, this one is ${digest.slice(0, 19)}…): delete that first, with "bento-ts bentos delete ${tag} --platform ${platform}"`,
  );
}

interface Unpacking {
  readonly archive: ArchiveReader;
  readonly manifest: BentoManifest;
  readonly stage: string;
  readonly options: CopyOptions;
}

/** Stages each content that the store lacks under its digest; gives their folder. */
async function unpack(layout: BentoLayout, { archive, manifest, stage, options }: Unpacking): Promise<string> {
  const dir = join(stage, "contents");
  await mkdir(dir);
  const contents = contentsOf(manifest);
  const totalBytes = contents.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  for (const content of contents) {
    options.signal?.throwIfAborted();
    const target = join(dir, content.sha256);
    if (takeBlob(layout, content, target)) archive.skip(content);
    else await writeFile(target, archive.content(content), { mode: 0o644 });
    doneBytes += content.size;
    options.onProgress?.({ doneBytes, totalBytes });
  }
  await archive.end();
  await assertBento(dir, manifest);
  return dir;
}

/** The tag is that of the service inside. */
async function assertBento(contents: string, { name, version, platform, files }: BentoManifest): Promise<void> {
  const listed = files.find(({ path }) => path === BENTO_FILE_NAME);
  if (listed === undefined) throw new ServingError("FAILED_PRECONDITION", `it holds no ${BENTO_FILE_NAME}`);
  const bento = parseBentoFile(await readFile(join(contents, listed.sha256), "utf8"));
  const isSame = bento.definition.name === name && storeVersion(bento.definition.version) === version;
  if (isSame && bento.platform === platform) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `its ${BENTO_FILE_NAME} is that of another bento than its list of files`,
  );
}
