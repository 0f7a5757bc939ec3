import { ServingError } from "@bento-ts/runtime/definition";
import type { Machine } from "../platform.ts";
import { findPackage, type InstalledPackage, type PackageJson } from "./installed-package.ts";
import { isMadeFor } from "./made-for.ts";
import { ruleOf, type UsedFeatures } from "./package-rules.ts";

/** One package and where it goes: `node_modules/ajv`, or `node_modules/a/node_modules/ajv` beside another version. */
export interface PlacedPackage {
  readonly place: string;
  readonly package: InstalledPackage;
  /** Places of the packages that it finds for its dependencies, sorted. */
  readonly needs: readonly string[];
  /** Places of those that led to it, the one that the service asks for first: the shortest way by which it came in. Empty for one that the service asks for. */
  readonly askedBy: readonly string[];
}

/** A package that is needed, and the folder from which it is looked for. */
export interface PackageRequest {
  readonly name: string;
  readonly fromDir: string;
  /** Whether it may be missing. */
  readonly isOptional?: boolean;
}

export interface ClosureOptions {
  readonly machine: Machine;
  readonly used: UsedFeatures;
  /** Gives a package that is not installed for the machine; "later" for one that is on its way. */
  readonly substitute?: (request: PackageRequest) => InstalledPackage | "later" | undefined;
}

/** Deeper nesting than any real tree has; two packages that each want another version of the other would nest for ever. */
const MAX_DEPTH = 32;

/**
 * Every package that the requested ones need when they run, placed so that Node finds for each import what it finds where they are installed.
 *
 * Optional dependencies are taken where they are installed and made for the platform. Sorted by place. Throws FAILED_PRECONDITION for a dependency that is not installed.
 */
export function walkClosure(requests: readonly PackageRequest[], options: ClosureOptions): readonly PlacedPackage[] {
  const placed = new Map<string, Placing>();
  const queue: Placing[] = [];
  const place = (request: PackageRequest, parent?: Placing): void => {
    const installed = findPackage(request.name, request.fromDir);
    const isFit = installed !== undefined && isMadeFor(installed.json, options.machine);
    const found = isFit ? installed : options.substitute?.(request);
    if (found === "later") return;
    if (found === undefined) {
      if (request.isOptional === true) return;
      throw missing(request, installed, options.machine);
    }
    const at = placeFor(placed, { name: request.name, parent: parent?.place ?? "", dir: found.dir });
    parent?.needs.add(at);
    if (placed.has(at)) return;
    const askedBy = parent === undefined ? [] : [...parent.askedBy, parent.place];
    const placing = { place: at, package: found, needs: new Set<string>(), askedBy };
    placed.set(at, placing);
    queue.push(placing);
  };
  for (const request of requests) place(request);
  // All dependencies of one package are placed before those of the next: what a package sees is settled before anything below it looks.
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { home, json } = next.package;
    for (const { name, isOptional } of neededBy(json, options.used)) place({ name, fromDir: home, isOptional }, next);
  }
  return [...placed.values()]
    .map((placing) => ({ ...placing, needs: [...placing.needs].sort() }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** A placed package whose dependencies are still looked for. */
interface Placing extends Omit<PlacedPackage, "needs"> {
  readonly needs: Set<string>;
}

function neededBy(
  json: PackageJson,
  used: UsedFeatures,
): readonly { readonly name: string; readonly isOptional: boolean }[] {
  const { needs } = ruleOf(json.name);
  const names = new Map<string, boolean>();
  for (const name of Object.keys(json.peerDependencies)) {
    // A peer that is not installed is not missed where the service runs today.
    if (!json.optionalPeers.has(name)) names.set(name, true);
  }
  for (const name of Object.keys(json.dependencies)) names.set(name, false);
  // npm lists an optional dependency under both: optional wins.
  for (const name of Object.keys(json.optionalDependencies)) names.set(name, true);
  return (
    [...names]
      // Types are gone once the code is built.
      .filter(([name]) => !name.startsWith("@types/") && (needs?.(name, used) ?? true))
      .map(([name, isOptional]) => ({ name, isOptional }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  );
}

/** Where `parent` finds the package that it imports: where it stands already, else a free place. */
function placeFor(
  placed: ReadonlyMap<string, Placing>,
  wanted: { readonly name: string; readonly parent: string; readonly dir: string },
): string {
  const own = under(wanted.parent, wanted.name);
  for (let folder = wanted.parent; ; folder = parentPlace(folder)) {
    const at = under(folder, wanted.name);
    const seen = placed.get(at);
    if (seen?.package.dir === wanted.dir) return at;
    if (seen !== undefined) {
      assertCanNest(own, wanted);
      return own;
    }
    if (folder === "") return at;
  }
}

function assertCanNest(place: string, { name, parent }: { readonly name: string; readonly parent: string }): void {
  if (parent === "") {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `the service's files import two versions of "${name}": bring them to one`,
    );
  }
  if (place.split("node_modules/").length > MAX_DEPTH) {
    throw new ServingError("FAILED_PRECONDITION", `versions of "${name}" need each other without end: ${place}`);
  }
}

function under(place: string, name: string): string {
  return place === "" ? `node_modules/${name}` : `${place}/node_modules/${name}`;
}

function parentPlace(place: string): string {
  const end = place.lastIndexOf("/node_modules/");
  return end < 0 ? "" : place.slice(0, end);
}

function missing(request: PackageRequest, found: InstalledPackage | undefined, machine: Machine): ServingError {
  const message =
    found === undefined
      ? `the package "${request.name}", which is needed in ${request.fromDir}, is not installed: run npm install`
      : `the package "${request.name}" is not made for ${machine.os}-${machine.cpu}`;
  return new ServingError("FAILED_PRECONDITION", message);
}
