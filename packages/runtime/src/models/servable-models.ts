import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { ServingError } from "../errors.ts";
import { isMainOfFolder, mainsIn, modelsAmong } from "./model-format.ts";

/** One version of a model that can be served without code. */
export interface ServableModel {
  /** As its file or folder is called; undefined where only the place that was named stands for it. */
  readonly name: string | undefined;
  /** Undefined where the layout tells none. */
  readonly version: number | undefined;
  /** The .onnx file, the saved_model.pb of a SavedModel or the model.json of a TF.js model. */
  readonly path: string;
}

/**
 * The models at a place, in order: a .onnx file, a SavedModel or a TF.js model; a folder of them; one with a numbered folder for each version of one model (`1/`, `2/`); or one with such a folder for each model.
 *
 * Nothing is read but names; none are found where there are none. Throws FAILED_PRECONDITION when there is nothing at the place, or several files where one is meant.
 */
export async function findServableModels(path: string): Promise<readonly ServableModel[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new ServingError("FAILED_PRECONDITION", `there is no ${path}`);
  if (!found.isDirectory()) return [{ name: undefined, version: undefined, path }];
  const { files, folders } = await listFolder(path);
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0 && isMainOfFolder(only))
    return [{ name: undefined, version: undefined, path: join(path, only) }];
  if (files.length > 0) {
    const beside = await foldersAmong(path, folders);
    const models = [...files.map((file) => ({ name: nameOf(file), path: join(path, file) })), ...beside];
    return models.map((model) => ({ ...model, version: undefined }));
  }
  const versions = await versionsIn(path, folders);
  if (versions.length > 0) return versions.map((version) => ({ name: undefined, ...version }));
  const models: ServableModel[] = [];
  for (const folder of folders) {
    const inside = await modelsIn(join(path, folder));
    models.push(...inside.map((model) => ({ name: folder, ...model })));
  }
  return models;
}

/** A SavedModel or TF.js model is a folder where another model is a file, so it counts beside files. */
async function foldersAmong(
  path: string,
  folders: readonly string[],
): Promise<readonly Omit<ServableModel, "version">[]> {
  const mains = folders.flatMap((name) => mainsIn(join(path, name)).map((main) => ({ name, path: main })));
  const found = await Promise.all(mains.map((main) => stat(main.path).catch(() => undefined)));
  const models = mains.filter((_, index) => found[index]?.isFile() === true);
  return models.filter(({ name }, index) => models.findIndex((model) => model.name === name) === index);
}

type Versioned = Omit<ServableModel, "name">;

/** The versions of the one model in a folder, or its only file. */
async function modelsIn(folder: string): Promise<readonly Versioned[]> {
  const { files, folders } = await listFolder(folder);
  const [only] = files;
  return only === undefined
    ? versionsIn(folder, folders)
    : [{ version: undefined, path: join(folder, onlyOf(folder, files, only)) }];
}

/** Source: TensorFlow Serving's and Triton's model repositories. */
const VERSION = /^0*([1-9]\d{0,14})$/;

async function versionsIn(path: string, folders: readonly string[]): Promise<readonly Versioned[]> {
  const versions: { readonly version: number; readonly path: string }[] = [];
  for (const name of folders) {
    const number = VERSION.exec(name)?.[1];
    const folder = join(path, name);
    const files = number === undefined ? [] : (await listFolder(folder)).files;
    const [only] = files;
    if (only !== undefined) versions.push({ version: Number(number), path: join(folder, onlyOf(folder, files, only)) });
  }
  return versions.sort((a, b) => a.version - b.version);
}

function onlyOf(folder: string, files: readonly string[], only: string): string {
  if (files.length === 1) return only;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `expected one .onnx file in ${folder}, got ${files.slice(0, 5).join(", ")}`,
  );
}

/** Names in order; hidden ones are nobody's models. Links count as what they lead to: mounted volumes are full of them. */
async function listFolder(
  path: string,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const names = (await readdir(path)).filter((name) => !name.startsWith(".")).sort();
  const kinds = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
  const isFolder = (_: string, index: number): boolean => kinds[index]?.isDirectory() === true;
  return {
    files: modelsAmong(names.filter((_, index) => kinds[index]?.isFile() === true)),
    folders: names.filter(isFolder),
  };
}

function nameOf(file: string): string {
  return basename(file, extname(file));
}
