import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { BENTO_FILE_NAME, type BentoFile, parseBentoFile, ServingError } from "@bento-ts/runtime/definition";
import { openArchive } from "./archive-reader.ts";
import { contentsOf } from "./export-bento.ts";

/** Whether a file begins as one that `exportBento` wrote. */
export async function isExportedBento(file: string): Promise<boolean> {
  if (!(await stat(file)).isFile()) return false;
  const archive = await openArchive(file);
  return archive
    .manifest()
    .then(
      () => true,
      () => false,
    )
    .finally(() => archive.close());
}

/** Reads the bento.json of an exported bento; of the rest nothing. Throws FAILED_PRECONDITION for a file that was changed. */
export async function readExportedBento(file: string): Promise<BentoFile> {
  const archive = await openArchive(file);
  try {
    const manifest = await archive.manifest();
    const listed = manifest.files.find(({ path }) => path === BENTO_FILE_NAME);
    for (const content of contentsOf(manifest)) {
      if (content.sha256 === listed?.sha256) return parseBentoFile(await text(archive.content(content)));
      archive.skip(content);
    }
    throw new ServingError("FAILED_PRECONDITION", `it holds no ${BENTO_FILE_NAME}`);
  } catch (cause) {
    if (!(cause instanceof ServingError)) throw cause;
    throw new ServingError(cause.code, `"${basename(file)}" can't be read: ${cause.message}`, { cause });
  } finally {
    await archive.close();
  }
}
