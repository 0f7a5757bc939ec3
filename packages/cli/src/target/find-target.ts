import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { wrongUsage } from "../command-error.ts";
import { configuredService } from "./configured-service.ts";

/** What a command line names: a file with a service class, model files without code, or a built bento. Paths are absolute. */
export type Target =
  | { readonly kind: "module"; readonly file: string; readonly projectDir: string }
  | {
      readonly kind: "models";
      readonly files: readonly string[];
      /** Folder whose bento.yaml counts. */
      readonly projectDir: string;
      /** The file or folder that was named, for a service name. */
      readonly path: string;
    }
  | { readonly kind: "bento"; readonly projectDir: string };

const MODULE_ENDINGS: readonly string[] = [".ts", ".mts", ".js", ".mjs"];
const USUAL_ENTRIES: readonly string[] = ["service.ts", "src/service.ts", "service.mts", "service.js", "service.mjs"];

/**
 * Finds what TARGET means; the folder that the command runs in when it is left out.
 *
 * Throws CommandError (wrong usage) that says what was looked for.
 */
export async function findTarget(
  given = ".",
  options: { readonly configFile?: string | undefined } = {},
): Promise<Target> {
  const path = resolve(given);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw wrongUsage(`there is no ${given}: name a service file, a project folder, a .onnx file or a folder of them`);
  }
  return found.isDirectory() ? findInFolder(path, given, options) : findFile(path, given);
}

function findFile(file: string, given: string): Target {
  const ending = extname(file).toLowerCase();
  if (MODULE_ENDINGS.includes(ending)) return { kind: "module", file, projectDir: projectOf(file) };
  if (ending === ".onnx") return { kind: "models", files: [file], projectDir: dirname(file), path: file };
  if (basename(file) === "bento.json") return { kind: "bento", projectDir: dirname(file) };
  throw wrongUsage(`${given} can't be served: expected a file that ends in ${MODULE_ENDINGS.join(", ")} or .onnx`);
}

async function findInFolder(
  folder: string,
  given: string,
  { configFile }: { readonly configFile?: string | undefined },
): Promise<Target> {
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
  if (entry !== undefined) return { kind: "module", file: join(folder, entry), projectDir: folder };
  const models = (await readdir(folder)).filter((name) => /^[^.].*\.onnx$/i.test(name)).sort();
  if (models.length > 0) {
    return { kind: "models", files: models.map((name) => join(folder, name)), projectDir: folder, path: folder };
  }
  throw wrongUsage(
    `nothing to serve in ${given}: expected bento.yaml with "service: FILE", a service.ts, or .onnx files; "bento-ts init" writes a project`,
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
