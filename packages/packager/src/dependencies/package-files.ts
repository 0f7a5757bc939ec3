import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import { fittingFiles } from "../native/fitting-files.ts";
import type { Machine } from "../platform.ts";
import type { InstalledPackage } from "./installed-package.ts";
import { ruleOf } from "./package-rules.ts";

/** Why files of a package stay outside of a bento. */
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];
export const LEFT_OUT_REASONS = ["platforms", "types", "maps", "tests", "documents", "sources", "unused"] as const;

/** Bytes of what was left out, by reason. */
export type LeftOut = Readonly<Partial<Record<LeftOutReason, number>>>;

/** What a running service needs of a package, and what not. */
export interface PackageFiles {
  /** Relative to the package, with "/", sorted. */
  readonly files: readonly string[];
  readonly leftOut: LeftOut;
}

/**
 * The files of a package that a running service needs on a machine.
 *
 * Left out: native files of other machines, types and source maps, sources of native addons, tests and documents (unless the package's own entry points lie
 * there), what its rule leaves out; also its nested node_modules and symbolic links. Licences and notices stay. Throws FAILED_PRECONDITION for a package
 * whose native files are all for other machines.
 */
export async function packageFiles(installed: InstalledPackage, machine: Machine): Promise<PackageFiles> {
  const { dir, home, json } = installed;
  const { drops } = ruleOf(json.name);
  const isPublished = publishedFiles(home, json.files);
  const whyDropped = droppedFolders(json.entryPoints);
  const files: string[] = [];
  const leftOut = new Map<LeftOutReason, number>();
  const leave = (path: string, reason: LeftOutReason): void => {
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + statSync(join(dir, path)).size);
  };
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(dir, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== "node_modules" && !entry.name.startsWith(".")) walk(path);
      } else if (entry.isFile() && isPublished(path)) {
        const reason = (isLicence(path) ? undefined : (whyDropped(path) ?? whyUseless(path))) ?? drops?.(path, machine);
        if (reason === undefined) files.push(path);
        else leave(path, reason);
      }
    }
  };
  walk("");
  const { fitting, foreign } = await fittingFiles(installed, files, machine);
  for (const file of foreign) leave(file, "platforms");
  return { files: [...fitting].sort(), leftOut: Object.fromEntries(leftOut) };
}

/** Folders at the top of a package that hold nothing for its users' programs. */
const TOP_FOLDERS: Readonly<Record<string, LeftOutReason>> = {
  test: "tests",
  tests: "tests",
  __tests__: "tests",
  coverage: "tests",
  benchmark: "tests",
  benchmarks: "tests",
  bench: "tests",
  docs: "documents",
  doc: "documents",
  example: "documents",
  examples: "documents",
};

function droppedFolders(entryPoints: readonly string[]): (path: string) => LeftOutReason | undefined {
  const dropped = new Map(
    Object.entries(TOP_FOLDERS).filter(([folder]) => !entryPoints.some((entry) => entry.startsWith(`./${folder}/`))),
  );
  return (path) => (path.includes("/") ? dropped.get(path.slice(0, path.indexOf("/"))) : undefined);
}

const LICENCE = /^(licen[cs]e|notice|copying|copyright|patents|third[-_]?party)/i;
/** Names that no running program needs, the first that fits counts: Node runs no TypeScript from node_modules. */
const USELESS: readonly (readonly [RegExp, LeftOutReason])[] = [
  [/\.map$/i, "maps"],
  [/\.([mc]?ts|tsx|tsbuildinfo|flow)$/i, "types"],
  [/\.(c|cc|cpp|h|hpp|gyp|gypi)$|(^|\/)Makefile$/i, "sources"],
  [/\.(md|markdown)$/i, "documents"],
  [/(^|\/)(\.[^/]*|yarn\.lock|package-lock\.json)$/i, "unused"],
];

function isLicence(path: string): boolean {
  return LICENCE.test(path.slice(path.lastIndexOf("/") + 1));
}

function whyUseless(path: string): LeftOutReason | undefined {
  return USELESS.find(([pattern]) => pattern.test(path))?.[1];
}

/** What npm would publish of a package that lies in the workspace; one from a registry holds nothing else anyway. */
function publishedFiles(home: string, list: readonly string[] | undefined): (path: string) => boolean {
  const isFromRegistry = home.split(/[/\\]/).includes("node_modules");
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
