import { mkdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { type CopyOptions, parseTag } from "@bento-ts/runtime/models-store";
import { OWN_MARK } from "../files/process-mark.ts";
import type { BentoManifest } from "./bento-manifest.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { exportBento } from "./export-bento.ts";
import { type BentoChoice, findBento, findBentos } from "./find-bento.ts";
import { importBento } from "./import-bento.ts";
import type { PlacedBento } from "./place-bento.ts";
import { putBento, type PutOptions } from "./put-bento.ts";
import { readTags, type TaggedBento } from "./read-tags.ts";
import { bentoLayout, hexOf, tagPath, treePath } from "./store-layout.ts";

/** A stored bento, and where it stands on this machine. */
export interface StoredBento extends TaggedBento {
  /** Absolute folder; its files can't be written to. */
  readonly dir: string;
}

/**
 * Bentos by tag and platform, each file once. Several processes may use one store at the same time: a bento is visible when it is whole.
 */
export interface BentoStore {
  /** Absolute folder of the store. */
  readonly dir: string;
  /** Copies a bento in, under its service's name and version, in place of what had the tag for its platform; files that are there are linked. Throws FAILED_PRECONDITION. */
  put(bentoDir: string, options?: PutOptions): Promise<PlacedBento>;
  /** All bentos by name, the newest first. */
  list(): Promise<readonly TaggedBento[]>;
  /** The bento of a tag; `name` and `name:latest` give the newest. Throws NOT_FOUND, with what there is. */
  get(tag: string, choice?: BentoChoice): Promise<StoredBento>;
  /** As `get`, for a process that goes on reading the bento: its files stay until that ends or calls `release`, also when the tag is deleted. */
  use(tag: string, choice?: BentoChoice): Promise<{ readonly bento: StoredBento; release(): Promise<void> }>;
  /** Removes a tag, of all platforms unless one is chosen, and the files that nothing else needs. The tag must have its version. Throws NOT_FOUND. */
  delete(
    tag: string,
    choice?: BentoChoice,
  ): Promise<{ readonly bentos: readonly TaggedBento[]; readonly freedBytes: number }>;
  /** Writes a bento as one tar file, the same bytes for the same bento. Throws NOT_FOUND; FAILED_PRECONDITION when its files were changed. */
  export(tag: string, file: string, options?: CopyOptions & BentoChoice): Promise<BentoManifest>;
  /** Takes a bento out of a file that `export` wrote. Throws FAILED_PRECONDITION for any other file and for a tag that holds another bento for its platform. */
  import(file: string, options?: CopyOptions): Promise<PlacedBento>;
}

/** Opens the bento store in a folder, which need not exist yet. */
export function createBentoStore(dir: string): BentoStore {
  const layout = bentoLayout(dir);
  const find = async (tag: string, choice?: BentoChoice): Promise<StoredBento> => {
    const found = await findBento(layout, tag, choice);
    return { ...found, dir: treePath(layout, found.digest) };
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
    async use(tag, choice) {
      const bento = await find(tag, choice);
      const mark = join(layout.uses, `${hexOf(bento.digest)}.${OWN_MARK}`);
      await mkdir(layout.uses, { recursive: true });
      await writeFile(mark, "");
      // Deleted between the two steps.
      await stat(bento.dir).catch(() => find(tag, choice));
      return { bento, release: () => rm(mark, { force: true }) };
    },
    async delete(tag, choice = {}) {
      const bentos = await findBentos(layout, tag, choice);
      if (parseTag(tag).version === undefined)
        throw new ServingError(
          "INVALID_ARGUMENT",
          `"${tag}": expected a tag with its version, such as ${bentos[0].name}:${bentos[0].version}`,
        );
      for (const bento of bentos) {
        await unlink(tagPath(layout, bento)).catch(async (cause: unknown) => {
          // Deleted by another process meanwhile: then this says so.
          await findBentos(layout, tag, bento);
          throw cause;
        });
      }
      return { bentos, freedBytes: await collectGarbage(layout) };
    },
    async export(tag, file, options = {}) {
      const bento = await find(tag, options);
      await exportBento(layout, { manifest: bento, file, options });
      return bento;
    },
    import: (file, options = {}) => importBento(layout, file, options),
  };
}
