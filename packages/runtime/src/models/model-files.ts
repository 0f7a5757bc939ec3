import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ServingError } from "../errors.ts";
import { formatOf, type ModelFormat, modelsAmong } from "./model-format.ts";
import { readOnnxFile } from "./onnx-file/index.ts";
import { readSavedModel, savedModelFiles } from "./saved-model/index.ts";
import { readTfjsModel, weightFiles } from "./tfjs/index.ts";

/** The files that make up a model. */
export interface ModelFiles {
  /** Absolute folder that all paths are relative to. */
  readonly root: string;
  /** The file that an engine opens. */
  readonly main: string;
  /** All files, `main` first; paths with slashes. */
  readonly paths: readonly string[];
}

/**
 * Finds the files of a model: the file itself, or the only `.onnx` file of a folder, with the files that hold its weights; or those of a SavedModel's
 * folder, or of a TF.js model.
 *
 * Throws NOT_FOUND when there is nothing at `path`, FAILED_PRECONDITION when it is no readable model or the folder holds none or several.
 */
export async function findModelFiles(path: string): Promise<ModelFiles> {
  const found = await statOrUndefined(path);
  if (found === undefined)
    throw new ServingError("NOT_FOUND", `there is no model file "${basename(path)}"`, { details: { path } });
  const root = found.isDirectory() ? path : dirname(path);
  const main = found.isDirectory() ? await onlyModelIn(path) : basename(path);
  return { root, main, paths: [main, ...(await FURTHER_FILES[formatOf(main)](root, main))] };
}

/** The files beside the main one. */
const FURTHER_FILES: Readonly<Record<ModelFormat, (root: string, main: string) => Promise<readonly string[]>>> = {
  onnx: async (root, main) => {
    const { externalData } = await readOnnxFile(join(root, main));
    for (const weights of externalData) {
      if ((await statOrUndefined(join(root, weights)))?.isFile() === true) continue;
      throw new ServingError(
        "FAILED_PRECONDITION",
        `"${main}" keeps weights in "${weights}", and that file is not beside it`,
        { details: { path: join(root, main) } },
      );
    }
    return externalData;
  },
  "saved-model": async (root) => {
    await readSavedModel(root);
    return savedModelFiles(root);
  },
  tfjs: async (root, main) => weightFiles(await readTfjsModel(join(root, main))),
};

async function onlyModelIn(folder: string): Promise<string> {
  const models = modelsAmong(await readdir(folder));
  const [only, ...others] = models;
  if (only !== undefined && others.length === 0) return only;
  const got = only === undefined ? "none" : `${models.length}: ${models.slice(0, 5).join(", ")}`;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `expected exactly one .onnx file, a saved_model.pb or a model.json in the folder "${basename(folder)}", got ${got}`,
    {
      details: { path: folder },
    },
  );
}

async function statOrUndefined(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ServingError("FAILED_PRECONDITION", `"${basename(path)}" cannot be read`, { details: { path }, cause });
  }
}
