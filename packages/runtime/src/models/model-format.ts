import { basename, dirname, extname } from "node:path";
import type { EngineName } from "./engines.ts";
import { SAVED_MODEL_FILE } from "./saved-model/index.ts";

/** How the files of a model are written. */
export type ModelFormat = "onnx" | "saved-model";

/** The engine that runs a format, and how messages call it. */
export const FORMATS: Readonly<Record<ModelFormat, { readonly engine: EngineName; readonly title: string }>> = {
  onnx: { engine: "onnx", title: "ONNX model" },
  "saved-model": { engine: "tensorflow", title: "SavedModel" },
};

/** The format of a model by its main file, which is what names are for: what is in it is seen when it is read. */
export function formatOf(main: string): ModelFormat {
  return basename(main) === SAVED_MODEL_FILE ? "saved-model" : "onnx";
}

/** The path by which people know a model: its file, or the folder that is a SavedModel. */
export function shownPath(main: string): string {
  return formatOf(main) === "saved-model" ? dirname(main) : main;
}

/** Of the names in a folder those that are models, in order. A SavedModel is its whole folder, whatever else lies there. */
export function modelsAmong(names: readonly string[]): readonly string[] {
  if (names.includes(SAVED_MODEL_FILE)) return [SAVED_MODEL_FILE];
  return names.filter((name) => extname(name).toLowerCase() === ".onnx" && !name.startsWith(".")).sort();
}
