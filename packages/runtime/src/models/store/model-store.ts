import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "../../errors.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { exportModel } from "./export-model.ts";
import { importArchive, type ImportedArchive } from "./import-archive.ts";
import { importModel, type ImportOptions } from "./import-model.ts";
import { manifestPath, storeLayout, treePath } from "./layout.ts";
import type { ModelManifest } from "./manifest.ts";
import { readManifest, readManifests, readVersions } from "./read-manifests.ts";
import { parseExactTag, parseTag } from "./tag.ts";
import type { CopyOptions } from "./write-hashed.ts";

/** A model in the store, and where it stands on this machine. */
export interface StoredModel extends ModelManifest {
  /** Absolute folder of its files. */
  readonly root: string;
  /** Absolute path of its main file. */
  readonly path: string;
}

/** A model that was deleted, and the bytes that nothing else needed any more. */
export interface DeletedModel {
  readonly manifest: ModelManifest;
  readonly freedBytes: number;
}

/**
 * Models by tag, each content once. Several processes may use one store at the same time: a model is visible when it is whole, and a tag never
 * changes its content.
 */
export interface ModelStore {
  /** Absolute folder of the store. */
  readonly dir: string;
  /**
   * Copies a model into the store: an ONNX file with the files of its weights, a folder that holds one, or bytes.
   *
   * The same content under the same tag again is no error. Throws INVALID_ARGUMENT for a tag without a version or of another form, NOT_FOUND for a
   * missing file, FAILED_PRECONDITION for what is no readable model and for a tag that holds another one, CANCELLED when `signal` aborts.
   */
  import(tag: string, model: string | Uint8Array, options?: ImportOptions): Promise<StoredModel>;
  /** All models by name, the newest version first. */
  list(): Promise<readonly ModelManifest[]>;
  /** The model of a tag; `name` and `name:latest` give the newest. Throws NOT_FOUND, with what there is. */
  get(tag: string): Promise<StoredModel>;
  /** Removes a tag, and the content that no other tag names. The tag must have its version. Throws NOT_FOUND. */
  delete(tag: string): Promise<DeletedModel>;
  /** Writes a model as one tar file, the same bytes for the same model. Throws NOT_FOUND; FAILED_PRECONDITION when its files are damaged. */
  export(tag: string, file: string, options?: CopyOptions): Promise<ModelManifest>;
  /**
   * Takes a model out of a file that `export` wrote; content that is in the store is not written again.
   *
   * Throws FAILED_PRECONDITION for any other file, for content whose digest is not the announced one, and for a tag that holds another model.
   */
  importArchive(file: string, options?: CopyOptions): Promise<ImportedArchive>;
}

/** Opens the model store in a folder, which need not exist yet. `now` gives the time for new manifests. */
export function createModelStore(
  dir: string,
  { now = () => new Date() }: { readonly now?: () => Date } = {},
): ModelStore {
  const layout = storeLayout(dir);
  const toStored = (manifest: ModelManifest): StoredModel => {
    const root = treePath(layout, manifest.digest);
    return { ...manifest, root, path: join(root, manifest.main) };
  };
  const find = async (tag: string): Promise<ModelManifest> => {
    const { name, version } = parseTag(tag);
    const found =
      version === undefined ? (await readVersions(layout, name))[0] : await readManifest(layout, { name, version });
    if (found !== undefined) return found;
    const there = (await readManifests(layout)).map((manifest) => `${manifest.name}:${manifest.version}`);
    throw noSuchModel(tag, layout.dir, there);
  };

  return {
    dir: layout.dir,
    import: async (tag, model, options = {}) =>
      toStored(await importModel(layout, { tag, model, options, createdAt: now() })),
    list: () => readManifests(layout),
    get: async (tag) => toStored(await find(tag)),
    async delete(tag) {
      const manifest = await find(`${parseExactTag(tag).name}:${parseExactTag(tag).version}`);
      await unlink(manifestPath(layout, manifest));
      return { manifest, freedBytes: await collectGarbage(layout, now().getTime()) };
    },
    async export(tag, file, options = {}) {
      const manifest = await find(tag);
      await exportModel(layout, { manifest, file, options });
      return manifest;
    },
    importArchive: (file, options = {}) => importArchive(layout, file, options),
  };
}

const MAX_SHOWN = 10;

function noSuchModel(tag: string, dir: string, there: readonly string[]): ServingError {
  const shown = there.slice(0, MAX_SHOWN).join(", ");
  const holds =
    there.length === 0
      ? "nothing yet"
      : `${shown}${there.length > MAX_SHOWN ? `, … ${there.length - MAX_SHOWN} more` : ""}`;
  return new ServingError("NOT_FOUND", `there is no model "${tag}" in the store ${dir}: it holds ${holds}`);
}
