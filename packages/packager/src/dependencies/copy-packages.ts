import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { copyInto } from "../files/write-tree.ts";
import type { Platform } from "../platform.ts";
import { packageFiles } from "./package-files.ts";
import type { PlacedPackage } from "./walk-closure.ts";

/** What one package weighs in the bento. */
export interface CopiedPackage {
  readonly name: string;
  readonly version: string;
  readonly place: string;
  /** Sum of its files' sizes. */
  readonly bytes: number;
}

/** Packages that were copied to their places under one folder. */
export interface CopiedPackages {
  readonly placed: readonly PlacedPackage[];
  readonly sizes: readonly CopiedPackage[];
  /** Paths under that folder of their addons and shared libraries. */
  readonly natives: readonly string[];
}

/** Nothing copied yet. */
export const NO_PACKAGES: CopiedPackages = { placed: [], sizes: [], natives: [] };

/** Packages that are copied at a time: more keeps a disk no busier. */
const AT_ONCE = 8;
/** Addons of Node and shared libraries: `libvips-cpp.so.8.18.7`. */
const NATIVE = /\.(node|so(\.\d+)*)$/;

/**
 * Copies the needed files of packages to their places under a folder; what `earlier` has put there already is kept, and taken away where it is not
 * wanted any more. The abort signal ends it between two files.
 */
export async function copyPackages(
  wanted: readonly PlacedPackage[],
  {
    earlier,
    ...options
  }: {
    readonly to: string;
    readonly platform: Platform;
    readonly signal: AbortSignal;
    readonly earlier: CopiedPackages;
  },
): Promise<CopiedPackages> {
  const kept = await removeStale(wanted, earlier, options.to);
  const natives = earlier.natives.filter((path) => [...kept.keys()].some((place) => path.startsWith(`${place}/`)));
  const sizes = new Map(kept);
  const waiting = wanted.filter(({ place }) => !kept.has(place));
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const copied = await copyPackage(one, options);
      sizes.set(one.place, copied.size);
      natives.push(...copied.natives);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { placed: wanted, sizes: wanted.flatMap(({ place }) => sizes.get(place) ?? []), natives: natives.sort() };
}

/** Takes away what stands at a place where nothing or another package is wanted; gives what may stay. */
async function removeStale(
  wanted: readonly PlacedPackage[],
  earlier: CopiedPackages,
  to: string,
): Promise<ReadonlyMap<string, CopiedPackage>> {
  const dirs = new Map(wanted.map(({ place, package: { dir } }) => [place, dir]));
  const stale = earlier.placed
    .filter(({ place, package: { dir } }) => dirs.get(place) !== dir)
    .map(({ place }) => place);
  for (const place of stale) await rm(join(to, place), { recursive: true, force: true });
  // With a package go those that stand inside it.
  const isGone = (place: string): boolean => stale.some((gone) => place === gone || place.startsWith(`${gone}/`));
  return new Map(earlier.sizes.filter(({ place }) => !isGone(place)).map((one) => [one.place, one]));
}

async function copyPackage(
  { place, package: installed }: PlacedPackage,
  { to, platform, signal }: { readonly to: string; readonly platform: Platform; readonly signal: AbortSignal },
): Promise<{ readonly size: CopiedPackage; readonly natives: readonly string[] }> {
  let bytes = 0;
  const files = await packageFiles(installed, platform);
  for (const file of files) {
    signal.throwIfAborted();
    const from = join(installed.dir, file);
    bytes += (await stat(from)).size;
    await copyInto(from, join(to, place, file));
  }
  const { name, version } = installed.json;
  return {
    size: { name, version, place, bytes },
    natives: files.filter((file) => NATIVE.test(file)).map((file) => `${place}/${file}`),
  };
}
