import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { LayerPlan } from "../image/image-plan.ts";
import type { ListedFile } from "../files/file-list.ts";

/** One entry of a layer. */
export interface LayerEntry extends ListedFile {
  /** Absolute path of the file whose bytes it has. */
  readonly source: string;
}

/**
 * The files of a layer by their places in the image, without a "/" in front, sorted by code units. `files` are all those of the bento.
 *
 * Throws FAILED_PRECONDITION for a part of the plan that the bento lacks.
 */
export function layerEntries(
  bentoDir: string,
  { copies }: LayerPlan,
  files: readonly ListedFile[],
): readonly LayerEntry[] {
  const entries = copies.flatMap(({ from, to }) => {
    const folder = to.replace(/^\/|\/$/g, "");
    const parts = typeof from === "string" ? [from] : from;
    return parts.flatMap((part) => {
      // A folder's content goes to the place itself, a file under its name.
      const found = files.filter(({ path }) =>
        typeof from === "string" ? path.startsWith(`${part}/`) : path === part,
      );
      if (found.length === 0) throw lacks(bentoDir, part);
      const skipped = typeof from === "string" ? part.length + 1 : 0;
      return found.map((file) => ({
        ...file,
        path: `${folder}/${file.path.slice(skipped)}`,
        source: join(bentoDir, file.path),
      }));
    });
  });
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function lacks(bentoDir: string, part: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", `${bentoDir} is no whole bento: ${part} is missing, build it anew`);
}
