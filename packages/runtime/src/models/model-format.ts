import { basename, dirname, extname, join } from "node:path";
import type { EngineName } from "./engines.ts";
import { SAVED_MODEL_FILE } from "./saved-model/index.ts";
import { MODEL_JSON } from "./tfjs/index.ts";

/** How the files of a model are written. */
export type ModelFormat = "onnx" | "saved-model" | "tfjs";

/** The engine that runs a format, and how messages call it. */
export const FORMATS: Readonly<Record<ModelFormat, { readonly engine: EngineName; readonly title: string }>> = {
  onnx: { engine: "onnx", title: "ONNX model" },
  "saved-model": { engine: "tensorflow", title: "SavedModel" },
  tfjs: { engine: "tensorflow", title: "TF.js model" },
};

/** The format of a model by its main file, which is what names are for: what is in it is seen when it is read. */
export function formatOf(main: string): ModelFormat {
  if (basename(main) === SAVED_MODEL_FILE) return "saved-model";
  return extname(main).toLowerCase() === ".json" ? "tfjs" : "onnx";
}

/** Whether a path is that of a TF.js model's file, which runs without native code as well; of a folder only its files tell. */
export function isTfjsFile(path: string): boolean {
  return formatOf(path) === "tfjs";
}

/** Files that have the same name in every model: a folder that holds one is the model. */
const MAINS_OF_FOLDERS: readonly string[] = [SAVED_MODEL_FILE, MODEL_JSON];

/** Whether the folder of such a file is the model, as people see it. */
export function isMainOfFolder(main: string): boolean {
  return MAINS_OF_FOLDERS.includes(basename(main));
}

/** The path by which people know a model: its file, or the folder that is the model. */
export function shownPath(main: string): string {
  return isMainOfFolder(main) ? dirname(main) : main;
}

/** Of the names in a folder those that are models, in order. A SavedModel is its whole folder, whatever else lies there; other JSON than model.json is not looked at. */
export function modelsAmong(names: readonly string[]): readonly string[] {
  if (names.includes(SAVED_MODEL_FILE)) return [SAVED_MODEL_FILE];
  return names
    .filter((name) => name === MODEL_JSON || (extname(name).toLowerCase() === ".onnx" && !name.startsWith(".")))
    .sort();
}

/** The paths at which the models of a folder's folders would stand. */
export function mainsIn(folder: string): readonly string[] {
  return MAINS_OF_FOLDERS.map((name) => join(folder, name));
}
