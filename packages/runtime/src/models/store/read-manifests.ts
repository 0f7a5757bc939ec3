import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { manifestPath, type StoreLayout } from "./layout.ts";
import { type ModelManifest, parseManifest } from "./manifest.ts";

/** All manifests, by name, the newest first. Throws FAILED_PRECONDITION, naming the file, for one that is damaged. */
export async function readManifests(layout: StoreLayout): Promise<readonly ModelManifest[]> {
  const found: ModelManifest[] = [];
  for (const name of await readdirOrNothing(layout.manifests)) found.push(...(await readVersions(layout, name)));
  return found;
}

/** The manifests of one name, the newest first. */
export async function readVersions(layout: StoreLayout, name: string): Promise<readonly ModelManifest[]> {
  const found: ModelManifest[] = [];
  for (const file of await readdirOrNothing(join(layout.manifests, name))) {
    if (!file.endsWith(".json")) continue;
    const manifest = await readManifest(layout, { name, version: file.slice(0, -".json".length) });
    if (manifest !== undefined) found.push(manifest);
  }
  return found.sort(newestFirst);
}

/** One manifest, undefined when there is none. */
export async function readManifest(
  layout: StoreLayout,
  tag: { readonly name: string; readonly version: string },
): Promise<ModelManifest | undefined> {
  const path = manifestPath(layout, tag);
  const text = await readFile(path, "utf8").catch(nothingIfMissing);
  return text === undefined ? undefined : parseManifest(text, path);
}

async function readdirOrNothing(dir: string): Promise<readonly string[]> {
  return ((await readdir(dir).catch(nothingIfMissing)) ?? []).sort();
}

function nothingIfMissing(cause: unknown): undefined {
  if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))
    return undefined;
  throw cause;
}

function newestFirst(a: ModelManifest, b: ModelManifest): number {
  const later = Date.parse(b.createdAt) - Date.parse(a.createdAt);
  // Imported within one millisecond: then the higher version counts.
  return later !== 0 ? later : b.version.localeCompare(a.version, "en", { numeric: true });
}
