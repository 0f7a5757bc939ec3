import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import type { InstalledPackage } from "./installed-package.ts";
import type { MadeFor } from "./made-for.ts";

/** What the author's lockfile says of the packages that are installed beside it. */
export interface Lockfile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** By folder relative to the lockfile, with "/": `node_modules/ajv`. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
}

/** One package as the lockfile pins it. */
export interface LockedPackage extends MadeFor {
  /** Absolute folder in which npm puts it. */
  readonly home: string;
  /** As the registry has it, which may differ from the folder's name. */
  readonly name: string;
  readonly version: string;
  /** Where it came from; undefined where only the registry's name and version count. */
  readonly resolved: string | undefined;
  /** Subresource integrity: "sha512-…". */
  readonly integrity: string | undefined;
}

/** Names by which npm keeps a lock, the one that counts first. */
const NAMES = ["npm-shrinkwrap.json", "package-lock.json"] as const;
/** Formats that list packages by folder. Source: npm documentation, "package-lock.json", `lockfileVersion`. */
const VERSIONS: readonly unknown[] = [2, 3];

/**
 * The lockfile of the project in a folder: the nearest one in it or above it, as a workspace has one for all; undefined where there is none.
 *
 * Throws FAILED_PRECONDITION for one that can't be read.
 */
export function findLockfile(projectDir: string): Lockfile | undefined {
  for (let dir = realpathSync(projectDir); ; dir = dirname(dir)) {
    for (const name of NAMES) {
      const path = join(dir, name);
      const text = readIfThere(path);
      if (text !== undefined) return { path, text, packages: parseLockfile(text, path) };
    }
    if (dir === dirname(dir)) return undefined;
  }
}

/** What the lockfile says of a package; undefined for nothing. */
export function lockedAt(lockfile: Lockfile, { home }: Pick<InstalledPackage, "home">): LockedPackage | undefined {
  return lockfile.packages.get(keyOf(lockfile, home));
}

/** What the lockfile has of the package that a file in a folder would find by a name, were all of them installed; undefined for nothing. */
export function lockedFor(
  lockfile: Lockfile,
  { name, fromDir }: { readonly name: string; readonly fromDir: string },
): LockedPackage | undefined {
  for (let key = keyOf(lockfile, fromDir); ; key = key.includes("/") ? dirname(key) : "") {
    const locked = lockfile.packages.get(`${key === "" ? "" : `${key}/`}node_modules/${name}`);
    if (locked !== undefined || key === "") return locked;
  }
}

function keyOf({ path }: Lockfile, dir: string): string {
  const key = relative(dirname(path), dir).replaceAll("\\", "/");
  return key.startsWith("../") ? "" : key;
}

function parseLockfile(text: string, path: string): ReadonlyMap<string, LockedPackage> {
  const lock = parseObject(text, path);
  if (!VERSIONS.includes(lock["lockfileVersion"])) {
    const version = JSON.stringify(lock["lockfileVersion"]);
    throw refused(
      `${path} has lockfileVersion ${version}, expected 2 or 3: write it anew with "npm install" of npm 7 or newer`,
    );
  }
  const entries = Object.entries(recordOf(lock["packages"])).map(
    ([place, entry]) => [place, toLocked(join(dirname(path), place), recordOf(entry))] as const,
  );
  return new Map(entries.filter(([place]) => place !== ""));
}

function toLocked(home: string, entry: Readonly<Record<string, unknown>>): LockedPackage {
  const { name, version, resolved, integrity } = entry;
  const [, folder = basename(home)] = /.*[/\\]node_modules[/\\](.+)$/.exec(home) ?? [];
  return {
    home,
    name: typeof name === "string" ? name : folder.replaceAll("\\", "/"),
    version: typeof version === "string" ? version : "",
    resolved: typeof resolved === "string" ? resolved : undefined,
    integrity: typeof integrity === "string" ? integrity : undefined,
    os: listOf(entry["os"]),
    cpu: listOf(entry["cpu"]),
    libc: listOf(entry["libc"]),
  };
}

function parseObject(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text));
  } catch (cause) {
    throw refused(`${path} is no JSON: write it anew with "npm install"`, cause);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw refused(`${path} can't be read`, cause);
  }
}

/** Some packages give one name where the others give a list. */
function listOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === "string");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" ? { ...value } : {};
}

function refused(message: string, cause?: unknown): ServingError {
  return new ServingError("FAILED_PRECONDITION", message, { cause });
}
