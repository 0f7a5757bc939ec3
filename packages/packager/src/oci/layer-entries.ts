import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { CopyPlan, LayerPlan } from "../image/image-plan.ts";
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
  const byPath = new Map(files.map((file) => [file.path, file]));
  const entries = copies.flatMap((copy) =>
    partsOf(copy, byPath).map(([path, place]) => {
      const file = byPath.get(path);
      if (file === undefined) throw lacks(bentoDir, path);
      return { ...file, path: place, source: join(bentoDir, path) };
    }),
  );
  const empty = copies.find((copy) => partsOf(copy, byPath).length === 0);
  if (empty !== undefined) throw lacks(bentoDir, String(empty.from));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Paths in the bento with their places in the image. */
function partsOf(
  { from, to }: CopyPlan,
  byPath: ReadonlyMap<string, ListedFile>,
): readonly (readonly [string, string])[] {
  const folder = to.replace(/^\/|\/$/g, "");
  if (typeof from !== "string") return from.map((name) => [name, `${folder}/${name}`]);
  const inside = [...byPath.keys()].filter((path) => path.startsWith(`${from}/`));
  return inside.map((path) => [path, folder + path.slice(from.length)]);
}

function lacks(bentoDir: string, part: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", `${bentoDir} is no whole bento: ${part} is missing, build it anew`);
}
