import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { integrityHashes } from "./integrity.ts";
import type { LockedPackage } from "./lockfile.ts";
import { packWithNpm } from "./pack-with-npm.ts";
import { unpackPackage } from "./unpack-package.ts";

export interface FetchOptions {
  /** Folder of what builds keep: see `buildCacheDir`. */
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told the name and version of each package that is asked of a registry. */
  readonly onFetch: (name: string) => void;
}

export interface FetchedPackage {
  /** Its folder; undefined for one that the registry doesn't have. */
  readonly dir: string | undefined;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Brings a package that the lockfile in `from` pins and that is not installed: from the folder that builds keep, else from the registry, as the project's npm is set up.
 *
 * What comes must have the lockfile's integrity. An entry without one was not in the registry when it was locked: where it still isn't, the package is done without,
 * as npm does. Throws FAILED_PRECONDITION, one sentence, when it can't be had.
 */
export async function fetchPackage(
  locked: LockedPackage,
  { cacheDir, from, signal, ...options }: FetchOptions & { readonly from: string },
): Promise<FetchedPackage> {
  const spec = `${locked.name}@${locked.version}`;
  const [hash] = strongest(locked.integrity);
  const warnings =
    hash === undefined
      ? [`${from} has no integrity of ${spec}: what the registry gave was not compared with anything`]
      : [];
  const dir = join(
    cacheDir,
    "packages",
    hash === undefined ? encodeURIComponent(spec) : `${hash.algorithm}-${hash.hex}`,
  );
  if (await isThere(dir)) return { dir, warnings };
  // With an integrity the entry would have another name here.
  const mark = `${dir}.missing`;
  if (hash === undefined && existsSync(mark)) return missing(spec);
  options.onFetch(spec);
  for (const folder of ["packages", "tmp"]) await mkdir(join(cacheDir, folder), { recursive: true });
  const temporary = await mkdtemp(join(cacheDir, "tmp", "package-"));
  try {
    const packed = await packWithNpm(spec, { to: temporary, cwd: dirname(from), env: options.env, signal });
    if (packed === "unknown" && hash === undefined) {
      await writeFile(mark, "");
      return missing(spec);
    }
    if (packed === "unknown") throw refused(`the registry doesn't have ${spec}, which ${from} lists`);
    const tarball = join(temporary, packed);
    if (hash !== undefined) await assertHash(tarball, { ...hash, spec, from });
    const unpacked = join(temporary, "unpacked");
    await unpackPackage(tarball, unpacked, { name: spec, signal });
    // Another build may have been faster: what it has put there is the same.
    await rename(unpacked, dir).catch(async (cause: unknown) => {
      if (!(await isThere(dir))) throw cause;
    });
    return { dir, warnings };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function missing(spec: string): FetchedPackage {
  const warning = `the registry doesn't have ${spec}, which the lockfile lists without an integrity: it is not in the bento`;
  return { dir: undefined, warnings: [warning] };
}

/** Whether the package lies there; marks it as used. */
async function isThere(dir: string): Promise<boolean> {
  const now = new Date();
  const isPackage = (await stat(join(dir, "package.json")).catch(() => undefined)) !== undefined;
  if (isPackage) await utimes(dir, now, now);
  return isPackage;
}

/** A lockfile may hold several; the longest is the strongest. */
function strongest(integrity: string | undefined): ReturnType<typeof integrityHashes> {
  return [...integrityHashes(integrity ?? "")].sort((a, b) => b.hex.length - a.hex.length);
}

async function assertHash(
  file: string,
  expected: { readonly algorithm: string; readonly hex: string; readonly spec: string; readonly from: string },
): Promise<void> {
  const hash = createHash(expected.algorithm);
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  if (hash.digest("hex") === expected.hex) return;
  throw refused(
    `what the registry gave for ${expected.spec} is not what ${expected.from} pins (its ${expected.algorithm} differs): don't use it before you know why`,
  );
}

function refused(message: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", message);
}
