import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import type { ServableModel } from "@bento-ts/runtime/models-store";
import { wrongUsage } from "../command-error.ts";
import { configuredService } from "./configured-service.ts";
import { findStoredBento } from "./find-stored-bento.ts";

/** What a command line names: a file with a service class, model files without code, or a built bento. Paths are absolute. */
export type Target =
  | { readonly kind: "module"; readonly file: string; readonly projectDir: string }
  | {
      readonly kind: "models";
      readonly models: readonly ServableModel[];
      /** Folder whose bento.yaml counts. */
      readonly projectDir: string;
      /** The file or folder that was named, for a service name. */
      readonly path: string;
    }
  | { readonly kind: "bento"; readonly projectDir: string };

/** Where else than at TARGET something to serve may be named. */
export interface TargetOptions {
  readonly configFile?: string | undefined;
  /** File or folder of the models to serve where there is neither a TARGET nor a service: what an orchestrator has mounted. */
  readonly modelDir?: string | undefined;
  /** Platform of a bento that is named by its tag: this machine's unless given. */
  readonly platform?: string | undefined;
}

const MODULE_ENDINGS: readonly string[] = [".ts", ".mts", ".js", ".mjs"];
const USUAL_ENTRIES: readonly string[] = ["service.ts", "src/service.ts", "service.mts", "service.js", "service.mjs"];

/**
 * Finds what TARGET means; the folder that the command runs in when it is left out. A path that is there comes before the tag of a stored bento.
 *
 * Throws CommandError (wrong usage) that says what was looked for, ServingError when there are no models in `modelDir`.
 */
export async function findTarget(given: string | undefined, options: TargetOptions = {}): Promise<Target> {
  const path = resolve(given ?? ".");
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    const stored = await findStoredBento(given ?? "", options.platform);
    if (stored !== undefined) return stored;
    throw wrongUsage(
      `there is no ${given}: name a service file, a project folder, a .onnx file, a SavedModel, a TF.js model or a folder of them, or a bento of the store`,
    );
  }
  if (!found.isDirectory()) return findFile(path, given ?? ".");
  const service = await findService(path, given ?? ".", options);
  if (service !== undefined) return service;
  if (given === undefined && options.modelDir !== undefined) return findModels(options.modelDir);
  return findModelsIn(path, given);
}

function findFile(file: string, given: string): Target {
  const ending = extname(file).toLowerCase();
  if (MODULE_ENDINGS.includes(ending)) return { kind: "module", file, projectDir: projectOf(file) };
  if (ending === ".onnx" || basename(file) === "saved_model.pb" || isTfjs(file)) {
    const models = [{ name: undefined, version: undefined, path: file }];
    return { kind: "models", models, projectDir: dirname(file), path: file };
  }
  if (basename(file) === "bento.json") return { kind: "bento", projectDir: dirname(file) };
  throw wrongUsage(
    `${given} can't be served: expected a file that ends in ${MODULE_ENDINGS.join(", ")} or .onnx, a saved_model.pb or a model.json`,
  );
}

/** Any other JSON may be meant as a model as well, and reading it tells; but these files have a meaning of their own. */
function isTfjs(file: string): boolean {
  return (
    extname(file).toLowerCase() === ".json" && !["bento.json", "package.json", "tsconfig.json"].includes(basename(file))
  );
}

/** The bento or service in a folder, undefined where there is none. */
async function findService(folder: string, given: string, { configFile }: TargetOptions): Promise<Target | undefined> {
  if (existsSync(join(folder, "bento.json"))) return { kind: "bento", projectDir: folder };
  const named = await configuredService({ projectDir: folder, configFile });
  if (named !== null) {
    const file = resolve(folder, named);
    if (!existsSync(file)) throw wrongUsage(`there is no ${named} in ${given}, the file that its "service" key names`);
    return { kind: "module", file, projectDir: folder };
  }
  const [entry, ...others] = USUAL_ENTRIES.filter((name) => existsSync(join(folder, name)));
  if (others.length > 0) {
    throw wrongUsage(
      `${given} has ${[entry, ...others].join(" and ")}: write which one is meant into bento.yaml, as "service: ${entry}"`,
    );
  }
  return entry === undefined ? undefined : { kind: "module", file: join(folder, entry), projectDir: folder };
}

async function findModels(path: string): Promise<Extract<Target, { kind: "models" }>> {
  const { findServableModels } = await import("@bento-ts/runtime/models-store");
  const absolute = resolve(path);
  const models = await findServableModels(absolute);
  const isFile = models[0]?.path === absolute;
  return { kind: "models", models, projectDir: isFile ? dirname(absolute) : absolute, path: absolute };
}

/** The models in a folder; layouts in which they lie deeper count where the folder was named, not where the command happens to run. */
async function findModelsIn(folder: string, given: string | undefined): Promise<Target> {
  const target = await findModels(folder);
  const isMeant = given !== undefined || target.models.every(({ path }) => dirname(path) === folder);
  if (target.models.length > 0 && isMeant) return target;
  throw wrongUsage(
    `nothing to serve in ${given ?? "."}: expected bento.yaml with "service: FILE", a service.ts, .onnx files, SavedModels or TF.js models; "bento-ts init" writes a project`,
  );
}

/** The folder of the project that a file belongs to: the nearest one around it with a bento.yaml, not beyond a package.json; else its own. */
function projectOf(file: string): string {
  const own = dirname(file);
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "bento.yaml"))) return folder;
    if (existsSync(join(folder, "package.json")) || relative("/", folder) === "" || dirname(folder) === folder)
      return own;
  }
}
