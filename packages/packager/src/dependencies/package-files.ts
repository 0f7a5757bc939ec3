import { readdir } from "node:fs/promises";
import { join } from "node:path";
import ignore from "ignore";
import type { Platform } from "../platform.ts";
import type { InstalledPackage } from "./installed-package.ts";
import { ruleOf } from "./package-rules.ts";

/**
 * The files of a package that a running service needs, relative, with "/", sorted.
 *
 * Left out: types and source maps, sources of native addons, tests and documents (unless the package's own entry points lie there), its nested
 * node_modules, symbolic links, what its rule leaves out. Licences and notices stay.
 */
export async function packageFiles({ dir, json }: InstalledPackage, platform: Platform): Promise<readonly string[]> {
  const { keeps } = ruleOf(json.name);
  const isPublished = publishedFiles(dir, json.files);
  const dropped = TOP_FOLDERS.filter((folder) => !json.entryPoints.some((entry) => entry.startsWith(`./${folder}/`)));
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const isDropped = entry.name === "node_modules" || entry.name.startsWith(".") || dropped.includes(path);
        if (!isDropped) await walk(path);
      } else if (entry.isFile() && isNeeded(path) && isPublished(path) && (keeps?.(path, platform) ?? true)) {
        files.push(path);
      }
    }
  };
  await walk("");
  return files.sort();
}

/** Folders at the top of a package that hold nothing for its users' programs. */
const TOP_FOLDERS: readonly string[] = [
  "test",
  "tests",
  "__tests__",
  "docs",
  "doc",
  "example",
  "examples",
  "benchmark",
  "benchmarks",
  "bench",
  "coverage",
];

const LICENCE = /^(licen[cs]e|notice|copying|copyright|patents|third[-_]?party)/i;
/** Types and sources that Node does not run from node_modules, maps, addon sources, build and editor files. */
const USELESS =
  /\.(map|ts|mts|cts|tsx|tsbuildinfo|c|cc|cpp|h|hpp|gyp|gypi|md|markdown|flow)$|^\.|(^|\/)(yarn\.lock|package-lock\.json|binding\.gyp|Makefile)$/i;

function isNeeded(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return LICENCE.test(name) || !(USELESS.test(path) || name.startsWith("."));
}

/** What npm would publish of a package that lies in the workspace; one from a registry holds nothing else anyway. */
function publishedFiles(dir: string, list: readonly string[] | undefined): (path: string) => boolean {
  const isFromRegistry = dir.split(/[/\\]/).includes("node_modules");
  if (list === undefined || isFromRegistry) return () => true;
  const wanted = ignore().add(list.filter((pattern) => !pattern.startsWith("!")).map(anchored));
  const unwanted = ignore().add(
    list.filter((pattern) => pattern.startsWith("!")).map((pattern) => anchored(pattern.slice(1))),
  );
  return (path) => path === "package.json" || LICENCE.test(path) || (wanted.ignores(path) && !unwanted.ignores(path));
}

function anchored(pattern: string): string {
  return `/${pattern.replace(/^\.?\//, "")}`;
}
