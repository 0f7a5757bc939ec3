import { rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { bringInto, isInstalled } from "../files/write-tree.ts";
import { isNativeName } from "../native/native-file.ts";
import type { Machine } from "../platform.ts";
import { type PackageFiles, packageFiles } from "./package-files.ts";
import type { PlacedPackage } from "./walk-closure.ts";

/** A package in a bento: what was copied of it. */
export interface CopiedPackage extends PackageFiles {
  readonly placed: PlacedPackage;
  readonly machine: Machine;
  /** Sum of its files' sizes. */
  readonly bytes: number;
}

export interface CopyPackagesOptions {
  /** Folder of the bento. */
  readonly to: string;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** What was copied there before, for the same machine or another one. */
  readonly earlier: readonly CopiedPackage[];
  /** Told how many of the files that are wanted stand there, first and last as well. */
  readonly onFiles?: ((doneFiles: number, totalFiles: number) => void) | undefined;
}

/**
 * Copies the needed files of packages to their places under a folder; what `earlier` has put there already is kept, and taken away where it is not
 * wanted any more. The abort signal ends it between two packages.
 */
export async function copyPackages(
  wanted: readonly PlacedPackage[],
  { earlier, ...options }: CopyPackagesOptions,
): Promise<readonly CopiedPackage[]> {
  options.signal.throwIfAborted();
  const before = new Map(earlier.map((one) => [one.placed.place, one]));
  const plans = await Promise.all(wanted.map((placed) => planPackage(placed, options, before.get(placed.place))));
  const kept = await removeStale(plans, earlier, options.to);
  const copied = new Map(kept);
  const totalFiles = plans.reduce((sum, { files }) => sum + files.length, 0);
  let doneFiles = 0;
  options.onFiles?.(doneFiles, totalFiles);
  for (const plan of plans) {
    const { place, package: installed } = plan.placed;
    doneFiles += plan.files.length;
    if (kept.has(place)) {
      options.onFiles?.(doneFiles, totalFiles);
      continue;
    }
    // What npm has put there stays as it is until npm puts something else there; the author writes into a package of the workspace.
    const areFixed = isInstalled(installed.home);
    const bytes = bringInto(installed.dir, join(options.to, place), { files: plan.files, areFixed });
    copied.set(place, { ...plan, bytes });
    options.onFiles?.(doneFiles, totalFiles);
    // Signals are heard here.
    await nextTurn();
    options.signal.throwIfAborted();
  }
  return wanted.flatMap(({ place }) => copied.get(place) ?? []);
}

/** Paths in the bento of the addons and shared libraries of packages, sorted. */
export function nativeFiles(copied: readonly CopiedPackage[]): readonly string[] {
  return copied
    .flatMap(({ files, placed: { place } }) => files.filter(isNativeName).map((file) => `${place}/${file}`))
    .sort();
}

type PackagePlan = Omit<CopiedPackage, "bytes">;

async function planPackage(
  placed: PlacedPackage,
  { machine }: { readonly machine: Machine },
  before: CopiedPackage | undefined,
): Promise<PackagePlan> {
  const isKnown = before !== undefined && isSame(before.placed, placed) && isEqual(before.machine, machine);
  const { files, leftOut } = isKnown ? before : await packageFiles(placed.package, machine);
  return { placed, machine, files, leftOut };
}

/** Takes away what stands at a place where nothing, another package or other files of it are wanted; gives what may stay. */
async function removeStale(
  plans: readonly PackagePlan[],
  earlier: readonly CopiedPackage[],
  to: string,
): Promise<ReadonlyMap<string, CopiedPackage>> {
  const wanted = new Map(plans.map((plan) => [plan.placed.place, plan]));
  const isWanted = ({ placed, files }: CopiedPackage): boolean => {
    const plan = wanted.get(placed.place);
    return plan !== undefined && isSame(plan.placed, placed) && plan.files.join("\n") === files.join("\n");
  };
  const stale = earlier.filter((one) => !isWanted(one)).map(({ placed }) => placed.place);
  for (const place of stale) {
    await rm(join(to, place), { recursive: true, force: true });
    // The folder of a scope goes with the last of its packages; while others stand in it, this fails, which is right.
    if (basename(dirname(place)).startsWith("@")) await rmdir(join(to, dirname(place))).catch(() => undefined);
  }
  // With a package go those that stand inside it.
  const isGone = (place: string): boolean => stale.some((gone) => place === gone || place.startsWith(`${gone}/`));
  const staying = earlier.filter(({ placed }) => !isGone(placed.place));
  return new Map(staying.map((one) => [one.placed.place, { ...one, ...wanted.get(one.placed.place) }]));
}

function isSame(a: PlacedPackage, b: PlacedPackage): boolean {
  return a.package.dir === b.package.dir;
}

function isEqual(a: Machine, b: Machine): boolean {
  return a.os === b.os && a.cpu === b.cpu && a.libc === b.libc;
}
