import { basename, dirname, extname, join, relative } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { build, type BuildFailure, type BuildOptions, type Message } from "esbuild";
import type { PackageRequest } from "../dependencies/walk-closure.ts";
import { bareImports } from "./bare-imports.ts";
import { importMeta } from "./import-meta.ts";

/** The author's code in one file. */
export interface ServiceBundle {
  /** JavaScript that imports installed packages by name. */
  readonly code: string;
  /** Its source map; sources are paths relative to the bundle, with their text. */
  readonly map: string;
  /** File name of the bundle: that of the entry, with the ending .mjs. */
  readonly fileName: string;
  /** The packages that it imports, sorted by name. */
  readonly packages: readonly PackageRequest[];
  /** Names of the workspace's packages whose code it holds. */
  readonly inside: readonly string[];
  /** Warnings of the bundler, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Bundles a service's file with everything that it imports from the project.
 *
 * The same files give the same bytes wherever they lie. Throws FAILED_PRECONDITION, one sentence with file and line, for code that can't be bundled.
 */
export async function bundleService(entryFile: string): Promise<ServiceBundle> {
  const outside = new Map<string, PackageRequest>();
  const inside = new Set<string>();
  const imports = bareImports({
    onOutside: (request) => outside.set(`${request.name} ${request.fromDir}`, request),
    onInside: (name) => inside.add(name),
  });
  const dir = dirname(entryFile);
  const fileName = `${basename(entryFile, extname(entryFile))}.mjs`;
  const options: BuildOptions & { readonly write: false } = {
    ...FIXED_OPTIONS,
    write: false,
    entryPoints: [entryFile],
    absWorkingDir: dir,
    // Nothing is written: the place decides what the map's sources are relative to.
    outfile: join(dir, fileName),
    plugins: [imports, importMeta(entryFile)],
  };
  const { outputFiles, warnings } = await build(options).catch((cause: unknown) => {
    throw bundlingFailed(entryFile, cause);
  });
  const textOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
  return {
    code: textOf(".mjs"),
    map: textOf(".map"),
    fileName,
    packages: [...outside.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    inside: [...inside].sort(),
    warnings: warnings.map((warning) => sentence(entryFile, warning)),
  };
}

const FIXED_OPTIONS = {
  bundle: true,
  platform: "node",
  format: "esm",
  // The runtime runs on Node 22.12 and newer; no version of Node runs decorators, which ES2023 has none of.
  target: ["node22.12", "es2023"],
  charset: "utf8",
  legalComments: "inline",
  sourcemap: "linked",
  sourcesContent: true,
  logLevel: "silent",
  // CommonJS files of the author may ask for packages by require; a name of the author's that collides is renamed by the bundler.
  banner: {
    js: 'import { createRequire as __bentoRequire } from "node:module"; const require = __bentoRequire(import.meta.url);',
  },
} as const satisfies BuildOptions;

function bundlingFailed(entryFile: string, cause: unknown): ServingError {
  const [first, ...others] = isBuildFailure(cause) ? cause.errors : [];
  const reason = first === undefined ? String(cause) : sentence(entryFile, first);
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return new ServingError("FAILED_PRECONDITION", `${basename(entryFile)} can't be bundled: ${reason}${more}`, {
    cause,
  });
}

function sentence(entryFile: string, { text, location }: Message): string {
  if (location === null) return text;
  return `${relative(dirname(entryFile), join(dirname(entryFile), location.file))}:${location.line}: ${text}`;
}

function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && "errors" in cause && Array.isArray(cause.errors);
}
