import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run-command.ts";

/** Folders of the packages that are published. */
export const PACKAGES = ["runtime", "packager", "cli"] as const;

/**
 * Packs the built packages as they would be published; gives the tarballs by folder of package.
 *
 * Without their scripts, which write the output anew: other tests run those files meanwhile.
 */
export async function packPackages(into: string): Promise<Readonly<Record<(typeof PACKAGES)[number], string>>> {
  const workspaces = PACKAGES.flatMap((name) => ["--workspace", `packages/${name}`]);
  const packed = await run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", into, ...workspaces]);
  if (packed.code !== 0) throw new Error(packed.stderr);
  const tarball = (start: RegExp): string => {
    const [name, ...others] = readdirSync(into).filter((file) => start.test(file));
    if (name === undefined || others.length > 0) throw new Error(`expected one tarball ${start} in ${into}`);
    return join(into, name);
  };
  return {
    runtime: tarball(/^bento-ts-runtime-\d.*\.tgz$/),
    packager: tarball(/^bento-ts-packager-\d.*\.tgz$/),
    cli: tarball(/^bento-ts-\d.*\.tgz$/),
  };
}
