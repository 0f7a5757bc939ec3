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
  /** The same, importing installed packages by their files, so that it runs from any folder of this machine. */
  readonly localCode: string;
  /** File name of the bundle: that of the entry, with the ending .mjs. */
  readonly fileName: string;
  /** The packages that it imports, sorted by name. */
  readonly packages: readonly PackageRequest[];
  /** Warnings of the bundler, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Bundles a service's file with everything that it imports from the project.
 *
 * The same files give the same bytes wherever they lie. Throws FAILED_PRECONDITION, one sentence with file and line, for code that can't be bundled.
 */
export async function bundleService(entryFile: string): Promise<ServiceBundle> {
  const packages = new Map<string, PackageRequest>();
  const onPackage = (request: PackageRequest): void => {
    packages.set(`${request.name} ${request.fromDir}`, request);
  };
  const bundled = await runBuild(entryFile, { writes: "name", onPackage, sourcemap: "external" });
  const local = await runBuild(entryFile, { writes: "file", onPackage: () => undefined, sourcemap: false });
  const fileName = `${basename(entryFile, extname(entryFile))}.mjs`;
  return {
    code: `${bundled.code}//# sourceMappingURL=${fileName}.map\n`,
    map: bundled.map,
    localCode: local.code,
    fileName,
    packages: [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    warnings: bundled.warnings,
  };
}

interface RunOptions {
  readonly writes: "name" | "file";
  readonly onPackage: (request: PackageRequest) => void;
  readonly sourcemap: "external" | false;
}

async function runBuild(
  entryFile: string,
  { writes, onPackage, sourcemap }: RunOptions,
): Promise<{ readonly code: string; readonly map: string; readonly warnings: readonly string[] }> {
  const options: BuildOptions & { readonly write: false } = {
    ...FIXED_OPTIONS,
    write: false,
    entryPoints: [entryFile],
    absWorkingDir: dirname(entryFile),
    // Nothing is written: the place decides what the map's sources are relative to.
    outfile: join(dirname(entryFile), "bundle.mjs"),
    sourcemap,
    plugins: [bareImports({ writes, onPackage }), importMeta(entryFile)],
  };
  try {
    const { outputFiles, warnings } = await build(options);
    const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
    return { code: text(".mjs"), map: text(".map"), warnings: warnings.map((warning) => sentence(entryFile, warning)) };
  } catch (cause) {
    throw bundlingFailed(entryFile, cause);
  }
}

const FIXED_OPTIONS = {
  bundle: true,
  platform: "node",
  format: "esm",
  // The runtime runs on Node 22.12 and newer; no version of Node runs decorators, which ES2023 has none of.
  target: ["node22.12", "es2023"],
  charset: "utf8",
  legalComments: "inline",
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
