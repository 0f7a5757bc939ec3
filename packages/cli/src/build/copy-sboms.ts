import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { BentoReport } from "@bento-ts/packager";
import { wrongUsage } from "../command-error.ts";

/** What `--sbom` may say: a format, or a file whose ending tells one. */
const FORMATS = { spdx: ".spdx.json", cyclonedx: ".cdx.json" } as const;

/** Where a bill of materials goes that a bento holds. */
export interface SbomCopy {
  readonly format: keyof typeof FORMATS;
  /** Undefined: `<name>-<version>.spdx.json` or `.cdx.json` in the current folder. */
  readonly file: string | undefined;
}

/** Reads what `--sbom` says. Throws wrong usage for another format and for a file of another ending. */
export function parseSbom(text: string): SbomCopy {
  for (const format of ["spdx", "cyclonedx"] as const) {
    if (text === format) return { format, file: undefined };
    if (text.endsWith(FORMATS[format])) return { format, file: text };
  }
  throw wrongUsage(`--sbom "${text}": expected spdx, cyclonedx, or a file that ends with .spdx.json or .cdx.json`);
}

/** Copies the bills of a bento out of it; gives their paths. `ending` keeps those of several platforms apart. */
export async function copySboms(
  copies: readonly SbomCopy[],
  { dir, name, version }: Pick<BentoReport, "dir" | "name" | "version">,
  ending = "",
): Promise<readonly string[]> {
  const { SBOM_FILES } = await import("@bento-ts/packager");
  const written: string[] = [];
  for (const { format, file = `${name}-${version}${FORMATS[format]}` } of copies) {
    const path = resolve(file.slice(0, -FORMATS[format].length) + ending + FORMATS[format]);
    await mkdir(dirname(path), { recursive: true });
    await copyFile(join(dir, SBOM_FILES[format]), path);
    written.push(path);
  }
  return written;
}
