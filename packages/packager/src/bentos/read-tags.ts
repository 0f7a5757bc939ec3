import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type BentoManifest, parseBentoManifest } from "./bento-manifest.ts";
import { type BentoLayout, tagPath } from "./store-layout.ts";

/** A bento of the store. */
export interface TaggedBento extends BentoManifest {
  /** When its tag was written, ISO 8601 in UTC. */
  readonly storedAt: string;
}

/** All bentos, by name, the newest first. Throws FAILED_PRECONDITION, naming the file, for a manifest that is damaged. */
export async function readTags(layout: BentoLayout): Promise<readonly TaggedBento[]> {
  const found: TaggedBento[] = [];
  for (const name of (await readdir(layout.tags).catch(() => [])).sort(byCodeUnits))
    found.push(...(await readVersions(layout, name)));
  return found;
}

/** The bentos of one name, the newest first. */
export async function readVersions(layout: BentoLayout, name: string): Promise<readonly TaggedBento[]> {
  const found: TaggedBento[] = [];
  for (const file of await readdir(join(layout.tags, name)).catch(() => [])) {
    if (!file.endsWith(".json")) continue;
    const bento = await readTag(layout, { name, version: file.slice(0, -".json".length) });
    if (bento !== undefined) found.push(bento);
  }
  return found.sort((a, b) =>
    a.storedAt === b.storedAt ? (a.version < b.version ? 1 : -1) : a.storedAt < b.storedAt ? 1 : -1,
  );
}

/** The bento of one tag, undefined when there is none. */
export async function readTag(
  layout: BentoLayout,
  tag: { readonly name: string; readonly version: string },
): Promise<TaggedBento | undefined> {
  const path = tagPath(layout, tag);
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
  return a < b ? -1 : 1;
}
