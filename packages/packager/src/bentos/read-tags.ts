import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type BentoManifest, parseBentoManifest } from "./bento-manifest.ts";
import { type BentoLayout, tagPath, type TagName, versionOfTagFile } from "./store-layout.ts";

/** A bento of the store. */
export interface TaggedBento extends BentoManifest {
  /** When its tag was written, ISO 8601 in UTC. */
  readonly storedAt: string;
}

/** All bentos, by name, the newest first. Throws FAILED_PRECONDITION, naming the file, for a manifest that is damaged. */
export async function readTags(layout: BentoLayout): Promise<readonly TaggedBento[]> {
  const found: TaggedBento[] = [];
  for (const name of (await readdir(layout.tags).catch(() => [])).sort(byCodeUnits))
    found.push(...(await readVersions(layout, { name })));
  return found;
}

/** The bentos of one name, or of one version of it, the newest first. */
export async function readVersions(
  layout: BentoLayout,
  { name, version }: { readonly name: string; readonly version?: string | undefined },
): Promise<readonly TaggedBento[]> {
  const dir = join(layout.tags, name);
  const found: TaggedBento[] = [];
  for (const file of await readdir(dir).catch(() => [])) {
    const its = versionOfTagFile(file);
    if (its === undefined || its !== (version ?? its)) continue;
    const bento = await readTagFile(join(dir, file));
    if (bento !== undefined) found.push(bento);
  }
  return found.sort(
    (a, b) =>
      byCodeUnits(b.storedAt, a.storedAt) || byCodeUnits(b.version, a.version) || byCodeUnits(a.platform, b.platform),
  );
}

/** The bento of one tag and platform, undefined when there is none. */
export async function readTag(layout: BentoLayout, tag: TagName): Promise<TaggedBento | undefined> {
  return readTagFile(tagPath(layout, tag));
}

async function readTagFile(path: string): Promise<TaggedBento | undefined> {
  try {
    const { mtime } = await stat(path);
    return { ...parseBentoManifest(await readFile(path, "utf8"), path), storedAt: mtime.toISOString() };
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))
      return undefined;
    throw cause;
  }
}

function byCodeUnits(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
