import { mkdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { type CopyOptions, parseTag } from "@bento-ts/runtime/models-store";
import { OWN_MARK } from "../files/process-mark.ts";
import type { BentoManifest } from "./bento-manifest.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { exportBento } from "./export-bento.ts";
import { importBento } from "./import-bento.ts";
import type { PlacedBento } from "./place-bento.ts";
import { putBento, type PutOptions } from "./put-bento.ts";
import { readTag, readTags, readVersions, type TaggedBento } from "./read-tags.ts";
import { bentoLayout, hexOf, tagPath, treePath } from "./store-layout.ts";

/** A stored bento, and where it stands on this machine. */
export interface StoredBento extends TaggedBento {
  /** Absolute folder; its files can't be written to. */
  readonly dir: string;
}

/**
 * Bentos by tag, each file once. Several processes may use one store at the same time: a bento is visible when it is whole.
 */
export interface BentoStore {
  /** Absolute folder of the store. */
  readonly dir: string;
  /** Copies a bento in, under its service's name and version, in place of what had the tag; files that are there are linked. Throws FAILED_PRECONDITION. */
  put(bentoDir: string, options?: PutOptions): Promise<PlacedBento>;
  /** All bentos by name, the newest first. */
  list(): Promise<readonly TaggedBento[]>;
  /** The bento of a tag; `name` and `name:latest` give the newest. Throws NOT_FOUND, with what there is. */
  get(tag: string): Promise<StoredBento>;
  /** As `get`, for a process that goes on reading the bento: its files stay until that ends or calls `release`, also when the tag is deleted. */
  use(tag: string): Promise<{ readonly bento: StoredBento; release(): Promise<void> }>;
  /** Removes a tag, and the files that nothing else needs. The tag must have its version. Throws NOT_FOUND. */
  delete(tag: string): Promise<{ readonly bento: TaggedBento; readonly freedBytes: number }>;
  /** Writes a bento as one tar file, the same bytes for the same bento. Throws NOT_FOUND; FAILED_PRECONDITION when its files were changed. */
  export(tag: string, file: string, options?: CopyOptions): Promise<BentoManifest>;
  /** Takes a bento out of a file that `export` wrote. Throws FAILED_PRECONDITION for any other file and for a tag that holds another bento. */
  import(file: string, options?: CopyOptions): Promise<PlacedBento>;
}

/** Opens the bento store in a folder, which need not exist yet. */
export function createBentoStore(dir: string): BentoStore {
  const layout = bentoLayout(dir);
  const find = async (tag: string): Promise<StoredBento> => {
    const { name, version } = parseTag(tag);
    const found =
      version === undefined ? (await readVersions(layout, name))[0] : await readTag(layout, { name, version });
    if (found !== undefined) return { ...found, dir: treePath(layout, found.digest) };
    throw noSuchBento(
      tag,
      layout.dir,
      (await readTags(layout)).map((bento) => `${bento.name}:${bento.version}`),
    );
  };
  return {
    dir: layout.dir,
    async put(bentoDir, options) {
      const placed = await putBento(layout, bentoDir, options);
      // The tag may have named another content until now.
      await collectGarbage(layout);
      return placed;
    },
    list: () => readTags(layout),
    get: find,
    async use(tag) {
      const bento = await find(tag);
      const mark = join(layout.uses, `${hexOf(bento.digest)}.${OWN_MARK}`);
      await mkdir(layout.uses, { recursive: true });
      await writeFile(mark, "");
      // Deleted between the two steps.
      await stat(bento.dir).catch(() => find(tag));
      return { bento, release: () => rm(mark, { force: true }) };
    },
    async delete(tag) {
      const { dir: _, ...bento } = await find(tag);
      if (parseTag(tag).version === undefined)
        throw new ServingError(
          "INVALID_ARGUMENT",
          `"${tag}": expected a tag with its version, such as ${bento.name}:${bento.version}`,
        );
      await unlink(tagPath(layout, bento)).catch(async (cause: unknown) => {
        // Deleted by another process meanwhile: then this says so.
        await find(tag);
        throw cause;
      });
      return { bento, freedBytes: await collectGarbage(layout) };
    },
    async export(tag, file, options = {}) {
      const bento = await find(tag);
      await exportBento(layout, { manifest: bento, file, options });
      return bento;
    },
    import: (file, options = {}) => importBento(layout, file, options),
  };
}

const MAX_SHOWN = 10;

function noSuchBento(tag: string, dir: string, there: readonly string[]): ServingError {
  const shown = there.slice(0, MAX_SHOWN).join(", ");
  const more = there.length > MAX_SHOWN ? `, … ${there.length - MAX_SHOWN} more` : "";
  const holds = there.length === 0 ? "nothing yet" : `${shown}${more}`;
  return new ServingError("NOT_FOUND", `there is no bento "${tag}" in the store ${dir}: it holds ${holds}`);
}
