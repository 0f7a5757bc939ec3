import { lockedAt, type Lockfile } from "./lockfile.ts";
import type { PlacedPackage } from "./walk-closure.ts";

/** Packages named in one sentence. */
const MAX_NAMED = 3;

/** What sets the installed packages apart from those that the author has locked, one sentence for each kind. */
export function lockfileWarnings(
  lockfile: Lockfile | undefined,
  packages: readonly PlacedPackage[],
): readonly string[] {
  if (lockfile === undefined) {
    return [
      'the project has no package-lock.json: another machine may install other versions, and the SBOMs hold no hashes of packages; run "npm install" and keep the file',
    ];
  }
  const locked = packages.map(({ package: one }) => ({ json: one.json, entry: lockedAt(lockfile, one) }));
  // An entry without a version is a package of the workspace itself.
  const missing = locked.filter(({ entry }) => entry === undefined).map(({ json }) => `${json.name} ${json.version}`);
  const other = locked.flatMap(({ json, entry }) =>
    entry === undefined || entry.version === "" || entry.version === json.version
      ? []
      : [`${json.name} ${json.version} (locked: ${entry.version})`],
  );
  return [
    ...(missing.length === 0 ? [] : [`${lockfile.path} doesn't have what is installed: ${some(missing)}; ${NEXT}`]),
    ...(other.length === 0 ? [] : [`${lockfile.path} has other versions than are installed: ${some(other)}; ${NEXT}`]),
  ];
}

const NEXT = 'run "npm install"';

function some(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
