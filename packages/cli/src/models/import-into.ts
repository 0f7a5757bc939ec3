import { existsSync } from "node:fs";
import type { ModelManifest, ModelStore } from "@bento-ts/runtime/models-store";
import { wrongUsage } from "../command-error.ts";
import { withProgress } from "./with-progress.ts";

/** Imports a model under a tag, or, when no path follows, a file that `models export` wrote. */
export async function importInto(
  store: ModelStore,
  { tagOrFile, path }: { readonly tagOrFile: string; readonly path: string | undefined },
): Promise<ModelManifest> {
  if (path !== undefined) return withProgress("importing", (options) => store.import(tagOrFile, path, options));
  if (!existsSync(tagOrFile)) {
    throw wrongUsage(`there is no file ${tagOrFile} to import; for a model write "bento-ts models import TAG PATH"`);
  }
  return (await withProgress("importing", (options) => store.importArchive(tagOrFile, options))).manifest;
}
