import { basename, isAbsolute, join, resolve } from "node:path";
import { stat } from "node:fs/promises";
import { ServingError } from "../errors.ts";
import { modelName } from "./replacements.ts";
import { findServableModels, type ServableModel } from "./servable-models.ts";
import { isTag } from "./store/tag.ts";

/**
 * Which of a service's sources stand in a mounted folder, and where: under the path that the code writes, the name of its file, or the name of its model; the only
 * source of a service also as the only model of the folder. Of several versions it is the highest.
 *
 * Throws FAILED_PRECONDITION when none of them is there: a platform that mounts models means them to be used.
 */
export async function findMounted(modelDir: string, sources: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const root = resolve(modelDir);
  const mounted = new Map<string, string>();
  for (const source of sources) {
    const path = await firstModel(candidatesOf(source).map((candidate) => join(root, candidate)));
    if (path !== undefined) mounted.set(source, path);
  }
  const [only, ...others] = sources;
  if (only !== undefined && mounted.size === 0) {
    const models = await findServableModels(root);
    const path = others.length === 0 ? highestOf(models) : undefined;
    if (path === undefined) throw noneMounted(root, sources, models);
    mounted.set(only, path);
  }
  return mounted;
}

function candidatesOf(source: string): readonly string[] {
  const name = modelName(source);
  const isInside = !isTag(source) && !isAbsolute(source) && !source.split(/[\\/]/).includes("..");
  return [...(isInside ? [source] : []), basename(source), `${name}.onnx`, name];
}

async function firstModel(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    const model = found === undefined ? undefined : highestOf(await findServableModels(path));
    if (model !== undefined) return model;
  }
  return undefined;
}

/** The highest version of the one model; undefined where there is none, or several. */
function highestOf(models: readonly ServableModel[]): string | undefined {
  const isOne = new Set(models.map(({ name }) => name)).size === 1;
  return isOne ? models.toSorted((a, b) => (b.version ?? 1) - (a.version ?? 1))[0]?.path : undefined;
}

function noneMounted(root: string, sources: readonly string[], models: readonly ServableModel[]): ServingError {
  const wanted = sources.map((source) => `${modelName(source)}.onnx`).join(", ");
  const found = models
    .map(({ path }) => path.slice(root.length + 1))
    .slice(0, 10)
    .join(", ");
  return new ServingError(
    "FAILED_PRECONDITION",
    `modelDir ${root} has none of the service's models: expected ${wanted}, got ${found === "" ? "no model" : found}`,
  );
}
