import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlacedPackage } from "../dependencies/walk-closure.ts";
import type { BillItem } from "./bill.ts";
import { npmPurl } from "./purl.ts";

/** The file in which a package of ours tells which others its own files hold. */
const LIST = "dist/chunks/bundled-packages.json";

/** Packages whose code lies in the files of another, as that one tells. */
export async function bundledItems({ place, package: holder }: PlacedPackage): Promise<readonly BillItem[]> {
  if (holder.json.name !== "@bento-ts/runtime") return [];
  const listed = JSON.parse(await readFile(join(holder.dir, LIST), "utf8")) as readonly {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  }[];
  return listed.map(({ name, version, license }) => ({
    id: `${place}#${name}@${version}`,
    kind: "package",
    name,
    version,
    licence: license,
    purl: npmPurl(name, version),
    hashes: [],
    needs: [],
    facts: { bundledInto: place },
  }));
}
