import type { BentoFile } from "@bento-ts/runtime/definition";
import { readTuneFile, TUNE_FILE } from "@bento-ts/runtime/models-store";
import type { Project } from "./project.ts";

/**
 * Which models of a bento the project's `bento.tune.json` says nothing of, though it has one: they have changed since, or are new.
 *
 * Throws FAILED_PRECONDITION for a file that can't be used: a server would start without it, and only say so.
 */
export async function tuningNotes(
  { dir }: Pick<Project, "dir">,
  models: BentoFile["models"],
): Promise<readonly string[]> {
  const file = await readTuneFile(dir);
  if (file === undefined) return [];
  const measured = new Set(file.models.map(({ digest }) => digest));
  return models
    .filter(({ digest }) => digest !== null && !measured.has(digest))
    .map(
      ({ source }) => `${TUNE_FILE} was measured with another model than "${source}" now is: run "bento-ts tune" again`,
    );
}
