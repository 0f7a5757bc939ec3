import { type Machine, ownMachine } from "../platform.ts";
import { fetchPackage, type FetchOptions } from "./fetch-package.ts";
import { type InstalledPackage, readPackage } from "./installed-package.ts";
import { lockedFor, type LockedPackage, type Lockfile } from "./lockfile.ts";
import { isMadeFor } from "./made-for.ts";
import type { UsedFeatures } from "./package-rules.ts";
import { type PackageRequest, type PlacedPackage, walkClosure } from "./walk-closure.ts";

export interface LocateOptions extends FetchOptions {
  readonly machine: Machine;
  readonly used: UsedFeatures;
  readonly lockfile: Lockfile | undefined;
}

/** The packages of a service, and what is to be said of them. */
export interface LocatedPackages {
  readonly placed: readonly PlacedPackage[];
  /** One sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Every package that a service needs on a machine: those that are installed, and for another machine than this one those that the lockfile has for it, which are fetched.
 *
 * Throws what `walkClosure` and `fetchPackage` throw.
 */
export async function locatePackages(
  requests: readonly PackageRequest[],
  { machine, used, lockfile, ...options }: LocateOptions,
): Promise<LocatedPackages> {
  // Here npm has installed all that the lockfile has for this machine, or left out what it was told to.
  if (lockfile === undefined || isOwn(machine))
    return { placed: walkClosure(requests, { machine, used }), warnings: [] };
  const found = new Map<string, InstalledPackage | undefined>();
  const warnings: string[] = [];
  for (;;) {
    const wanted = new Map<string, LockedPackage>();
    const substitute = (request: PackageRequest): InstalledPackage | "later" | undefined => {
      const locked = lockedFor(lockfile, request);
      if (locked === undefined || !isMadeFor(locked, machine)) return undefined;
      if (found.has(locked.home)) return found.get(locked.home);
      wanted.set(locked.home, locked);
      return "later";
    };
    const placed = walkClosure(requests, { machine, used, substitute });
    if (wanted.size === 0) return { placed, warnings };
    // What is fetched may need more of its kind.
    for (const locked of wanted.values()) {
      const fetched = await fetchPackage(locked, { ...options, from: lockfile.path });
      found.set(locked.home, fetched.dir === undefined ? undefined : readPackage(fetched.dir, locked.home));
      warnings.push(...fetched.warnings);
    }
  }
}

function isOwn(machine: Machine): boolean {
  const own = ownMachine();
  return own.os === machine.os && own.cpu === machine.cpu && own.libc === machine.libc;
}
