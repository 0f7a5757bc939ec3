import { basename, dirname, extname } from "node:path";
import { RESERVED_NAMES } from "../definition/reserved.ts";
import { toServiceName } from "../definition/to-service-name.ts";
import { ServingError } from "../errors.ts";
import { shownPath } from "../models/model-format.ts";
import type { ServableModel } from "../models/servable-models.ts";
import type { ModelsEntry, ServedFile } from "./service-entry.ts";

/** Where models stand, and how the service of them is called. */
export interface ModelsPlace {
  /** File or folder that was named. */
  readonly path: string;
  /** Name that the platform chose; undefined for that of the file or folder. */
  readonly modelName: string | undefined;
}

/**
 * What is served when models stand for themselves: each is an API of its name, the only one is `predict`; of several versions the highest has the plain name, the
 * others are `<name>_v<version>`.
 *
 * Throws FAILED_PRECONDITION when there are none, INVALID_ARGUMENT when two come out alike, or one as a name that no API may have.
 */
export function modelsEntry(models: readonly ServableModel[], { path, modelName }: ModelsPlace): ModelsEntry {
  if (models.length === 0) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `there is no model in ${path}: expected .onnx files, SavedModels or TF.js models, folders with one each, or versions in folders 1, 2, …`,
    );
  }
  const isOnly = new Set(models.map(({ name }) => name)).size === 1;
  const files = new Map<string, ServedFile>();
  const highest = new Map<string, number>();
  for (const { name, version = 1 } of models) highest.set(name ?? "", Math.max(version, highest.get(name ?? "") ?? 0));
  for (const { name = "", version = 1, path: file } of models) {
    const isHighest = highest.get(name) === version;
    const model = isOnly ? ONLY : name;
    const api = apiName(model, isHighest ? "" : `_v${version}`);
    if (RESERVED_NAMES.has(api) || Object.hasOwn(Object.prototype, api)) throw noName(file, name, api);
    const taken = files.get(api);
    if (taken !== undefined) throw sameName(taken.path, file, api);
    files.set(api, { path: file, model: { name: modelNameOf(model), version }, isDefault: isOnly && isHighest });
  }
  const shown = shownPath(path);
  const service = toServiceName(modelName ?? basename(shown, extname(shown)));
  return { kind: "models", name: service, version: "1.0.0", models: Object.fromEntries(files) };
}

/** Name of the only model. */
const ONLY = "predict";
/** Longest name of an API. */
const MAX_NAME = 63;

function apiName(model: string, suffix = ""): string {
  const name = model.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=[^A-Za-z])/, "m_");
  return name.slice(0, MAX_NAME - suffix.length) + suffix;
}

/** The name as it is, where a model may have such a name. */
function modelNameOf(name: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name) ? name : apiName(name);
}

function noName(path: string, name: string, api: string): ServingError {
  const shown = basename(path, extname(path)) === name ? basename(path) : name;
  return new ServingError(
    "INVALID_ARGUMENT",
    `${shown} would be served as "${api}", which no API may be called: rename it`,
  );
}

function sameName(first: string, second: string, name: string): ServingError {
  const [a, b] = [shownPath(first), shownPath(second)];
  const both =
    basename(a) === basename(b)
      ? `${basename(dirname(a))} and ${basename(dirname(b))}`
      : `${basename(a)} and ${basename(b)}`;
  return new ServingError("INVALID_ARGUMENT", `${both} would both be served as "${name}": rename one`);
}
