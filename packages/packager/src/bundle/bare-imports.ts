import { isBuiltin } from "node:module";
import { dirname, extname } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { findPackage, owningPackage } from "../dependencies/installed-package.ts";
import type { PackageRequest } from "../dependencies/walk-closure.ts";

/** How imports of packages end up in a bundle. */
export interface BareImportOptions {
  /** Told each package that stays outside, with a folder that imports it. */
  readonly onOutside: (request: PackageRequest) => void;
  /** Told the name of each package that goes in. */
  readonly onInside: (name: string) => void;
}

/**
 * Leaves installed packages out of the bundle: they keep their own files, native parts and licences, and change less often than the author's code.
 *
 * Only a package of the workspace whose entry is TypeScript goes in, since Node would not run it. A package that is not installed, or that the
 * importing file's package.json does not declare, is an error of the build.
 */
export function bareImports(options: BareImportOptions): Plugin {
  return {
    name: "bare-imports",
    setup(build) {
      build.onResolve({ filter: BARE }, (args) => resolveBare(build, args, options));
    },
  };
}

/** Neither a path nor `#name` of the package's own "imports"; in the syntax of Go. */
const BARE = /^[^./#\\]/;
const URL_OR_DRIVE = /^[A-Za-z][A-Za-z0-9+.-]*:/;
/** Marks the questions that the plugin itself asks. */
const ASKED = Symbol("bare-imports");
const TYPESCRIPT: readonly string[] = [".ts", ".mts", ".cts", ".tsx"];

async function resolveBare(
  build: PluginBuild,
  args: OnResolveArgs,
  options: BareImportOptions,
): Promise<OnResolveResult | undefined> {
  if (args.pluginData === ASKED || args.kind === "entry-point") return undefined;
  if (URL_OR_DRIVE.test(args.path) && !isBuiltin(args.path)) return undefined;
  if (isBuiltin(args.path)) return { path: args.path, external: true };
  const name = packageName(args.path);
  const fromDir = args.resolveDir;
  if (findPackage(name, fromDir) === undefined) return pathAlias(build, args, name);
  try {
    assertDeclared(name, args.importer);
  } catch (cause) {
    return { errors: [{ text: cause instanceof Error ? cause.message : String(cause) }] };
  }
  const { path, errors } = await ask(build, args);
  if (errors.length > 0) return { errors };
  if (TYPESCRIPT.includes(extname(path)) && !path.split(/[/\\]/).includes("node_modules")) {
    options.onInside(name);
    return { path };
  }
  options.onOutside({ name, fromDir });
  return { path: args.path, external: true };
}

/** An import that is no package may be an alias of tsconfig's "paths"; else nothing is known of it. */
async function pathAlias(build: PluginBuild, args: OnResolveArgs, name: string): Promise<OnResolveResult> {
  const { path, errors } = await ask(build, args);
  if (errors.length === 0) return { path };
  return { errors: [{ text: `the package "${name}" is not installed: run "npm install ${name}"` }] };
}

function ask(build: PluginBuild, args: OnResolveArgs): ReturnType<PluginBuild["resolve"]> {
  const { importer, resolveDir, kind } = args;
  return build.resolve(args.path, { importer, resolveDir, kind, with: args.with, pluginData: ASKED });
}

/** Throws FAILED_PRECONDITION when the package of the importing file does not say that it needs `name` when it runs. */
function assertDeclared(name: string, importer: string): void {
  const owner = owningPackage(dirname(importer));
  if (owner === undefined || owner.json.name === name) return;
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = owner.json;
  if ([dependencies, optionalDependencies, peerDependencies].some((list) => Object.hasOwn(list, name))) return;
  const next = Object.hasOwn(devDependencies, name)
    ? `is only a devDependency of ${owner.json.name}, which an image does not hold: run "npm install --save-prod ${name}"`
    : `is not declared in the package.json of ${owner.json.name}: run "npm install ${name}"`;
  throw new ServingError("FAILED_PRECONDITION", `the package "${name}" is imported and ${next}`);
}

function packageName(path: string): string {
  const [first = "", second] = path.split("/");
  return first.startsWith("@") && second !== undefined ? `${first}/${second}` : first;
}
