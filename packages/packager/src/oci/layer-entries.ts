import { join } from "node:path";
import type { LayerPlan } from "../image/image-plan.ts";
import { type ListedFile, listFiles, type ListOptions } from "../files/file-list.ts";

/** One entry of a layer. */
export interface LayerEntry extends ListedFile {
  /** Absolute path of the file whose bytes it has. */
  readonly source: string;
}

/**
 * The files of a layer by their places in the image, without a "/" in front, sorted by code units.
 *
 * Throws as node:fs does for a part of the bento that is not there.
 */
export async function layerEntries(
  bentoDir: string,
  { copies }: LayerPlan,
  options: Omit<ListOptions, "only"> = {},
): Promise<readonly LayerEntry[]> {
  const entries: LayerEntry[] = [];
  for (const { from, to } of copies) {
    const dir = typeof from === "string" ? join(bentoDir, from) : bentoDir;
    const files = await listFiles(dir, typeof from === "string" ? options : { ...options, only: from });
    const folder = to.replace(/^\/|\/$/g, "");
    for (const file of files) entries.push({ ...file, path: `${folder}/${file.path}`, source: join(dir, file.path) });
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}
