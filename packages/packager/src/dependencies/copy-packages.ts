import { stat } from "node:fs/promises";
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

/** Copies the needed files of packages to their places under a folder. The abort signal ends it between two files. */
export async function copyPackages(
  packages: readonly PlacedPackage[],
  options: { readonly to: string; readonly platform: Platform; readonly signal: AbortSignal },
): Promise<readonly CopiedPackage[]> {
  const copied: CopiedPackage[] = [];
  for (const { place, package: installed } of packages) {
    let bytes = 0;
    for (const file of await packageFiles(installed, options.platform)) {
      options.signal.throwIfAborted();
      const from = join(installed.dir, file);
      bytes += (await stat(from)).size;
      await copyInto(from, join(options.to, place, file));
    }
    copied.push({ name: installed.json.name, version: installed.json.version, place, bytes });
  }
  return copied;
}
