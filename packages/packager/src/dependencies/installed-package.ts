import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";

/** The parts of a package.json that decide what is taken along. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  /** What `license` says, or the older `licenses`; undefined for nothing. */
  readonly licence: string | undefined;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  /** Names of peers that may be missing. */
  readonly optionalPeers: ReadonlySet<string>;
  /** Systems for which it is made, as npm writes them; empty for all. */
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
  /** What npm would publish; undefined for everything. */
  readonly files: readonly string[] | undefined;
  /** Files that `main`, `exports` and the like name, relative to the package: `./docs/index.js`. */
  readonly entryPoints: readonly string[];
}

/** A package as it is installed. */
export interface InstalledPackage {
  /** Real folder, symbolic links of workspaces followed. */
  readonly dir: string;
  /** Folder in which npm puts it, and from which what it imports is looked for: another one than `dir` where it is not installed but kept elsewhere. */
  readonly home: string;
  readonly json: PackageJson;
}

/**
 * The package that Node would find for a name imported by a file in `fromDir`; undefined when there is none.
 *
 * Source: Node.js documentation, "Loading from node_modules folders".
 */
export function findPackage(name: string, fromDir: string): InstalledPackage | undefined {
  for (let dir = existsSync(fromDir) ? realpathSync(fromDir) : fromDir; ; dir = dirname(dir)) {
    if (basename(dir) !== "node_modules") {
      const candidate = join(dir, "node_modules", name);
      if (isFile(join(candidate, "package.json"))) return readPackage(realpathSync(candidate));
    }
    if (dir === dirname(dir)) return undefined;
  }
}

/** The package to which a file in `dir` belongs: that of the nearest package.json; undefined when there is none. */
export function owningPackage(dir: string): InstalledPackage | undefined {
  for (let folder = realpathSync(dir); ; folder = dirname(folder)) {
    if (isFile(join(folder, "package.json"))) return readPackage(folder);
    if (folder === dirname(folder)) return undefined;
  }
}

/** Reads the package in a folder that npm puts into another one, its `home`. Throws FAILED_PRECONDITION when its package.json is no JSON object. */
export function readPackage(dir: string, home: string = dir): InstalledPackage {
  return { dir, home, json: parsePackageJson(readFileSync(join(dir, "package.json"), "utf8"), dir) };
}

function parsePackageJson(text: string, dir: string): PackageJson {
  const json = parseObject(text, dir);
  const { name, version, files } = json;
  const meta = recordOf(json["peerDependenciesMeta"]);
  return {
    name: typeof name === "string" ? name : basename(dir),
    version: typeof version === "string" ? version : "0.0.0",
    licence: licenceOf(json),
    dependencies: textsOf(json["dependencies"]),
    devDependencies: textsOf(json["devDependencies"]),
    optionalDependencies: textsOf(json["optionalDependencies"]),
    peerDependencies: textsOf(json["peerDependencies"]),
    optionalPeers: new Set(Object.keys(meta).filter((peer) => recordOf(meta[peer])["optional"] === true)),
    os: oneOrMore(json["os"]),
    cpu: oneOrMore(json["cpu"]),
    libc: oneOrMore(json["libc"]),
    files: Array.isArray(files) ? listOf(files) : undefined,
    entryPoints: ["main", "module", "exports", "imports"].flatMap((field) => leafTexts(json[field])),
  };
}

/** Packages of before 2015 give an object, or a list of them to choose from. */
function licenceOf({ license, licenses }: Readonly<Record<string, unknown>>): string | undefined {
  const given: readonly unknown[] = Array.isArray(licenses) && license === undefined ? licenses : [license];
  const names = given
    .map((one) => (typeof one === "string" ? one : recordOf(one)["type"]))
    .filter((name) => typeof name === "string");
  return names.length > 1 ? `(${names.join(" OR ")})` : names[0];
}

function parseObject(text: string, dir: string): Readonly<Record<string, unknown>> {
  try {
    // npm reads one that begins with a byte order mark, too.
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (value !== null && typeof value === "object") return recordOf(value);
  } catch (cause) {
    throw new ServingError("FAILED_PRECONDITION", `${join(dir, "package.json")} is no JSON`, { cause });
  }
  throw new ServingError("FAILED_PRECONDITION", `${join(dir, "package.json")} holds no JSON object`);
}

function leafTexts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(leafTexts);
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** npm takes one name where a list is meant. */
function oneOrMore(value: unknown): readonly string[] {
  return listOf(typeof value === "string" ? [value] : value);
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" ? { ...value } : {};
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
