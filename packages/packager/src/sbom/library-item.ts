import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PlacedPackage } from "../dependencies/walk-closure.ts";
import { fileFacts } from "../files/hashed-copy.ts";
import type { BillItem } from "./bill.ts";
import { genericPurl } from "./purl.ts";

export interface OwnedLibrary {
  /** Place of the package that brings it. */
  readonly owner: string;
  readonly item: BillItem;
  /** What its maker says is linked into it. */
  readonly linked: readonly BillItem[];
}

/** A native file of a package at a path of the bento, and the libraries that its maker says are linked into it. */
export async function libraryItem(
  path: string,
  {
    stage,
    packages,
    signal,
  }: { readonly stage: string; readonly packages: readonly PlacedPackage[]; readonly signal: AbortSignal },
): Promise<OwnedLibrary | undefined> {
  const owner = packages.findLast(({ place }) => path.startsWith(`${place}/`));
  if (owner === undefined) return undefined;
  const { name: packageName, version, licence } = owner.package.json;
  const file = basename(path);
  const name = file.replace(/\.(so[.\d]*|node)$/, "");
  const { sha256 } = await fileFacts(join(stage, path), signal);
  const inside = file.endsWith(".node") ? {} : await linkedVersions(owner.package.dir);
  const linked = Object.entries(inside).map(([library, libraryVersion]): BillItem => ({
    id: `${path}#${library}`,
    kind: "library",
    name: library,
    version: libraryVersion,
    purl: genericPurl(library, libraryVersion),
    hashes: [],
    needs: [],
    facts: { linkedInto: path },
  }));
  const item: BillItem = {
    id: path,
    kind: "library",
    name,
    version,
    licence,
    purl: genericPurl(name, version),
    hashes: [{ algorithm: "sha256", hex: sha256 }],
    needs: linked.map(({ id }) => id),
    facts: { path, package: packageName },
  };
  return { owner: owner.place, item, linked };
}

/** Packages such as those of libvips say in a file of their own what was linked in: names with versions. */
async function linkedVersions(packageDir: string): Promise<Readonly<Record<string, string>>> {
  try {
    const value: unknown = JSON.parse(await readFile(join(packageDir, "versions.json"), "utf8"));
    const entries = Object.entries(value !== null && typeof value === "object" ? value : {});
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    // Few packages have such a file, and nothing says that it must be of this kind.
    return {};
  }
}
