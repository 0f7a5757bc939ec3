import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run-command.ts";
import { root } from "./server-process.ts";

/** Folders of the packages that are published. */
export const PACKAGES = ["runtime", "packager", "cli"] as const;

/**
 * Packs the built packages as they would be published; gives the tarballs by folder of package.
 *
 * Of copies: packing writes the output anew, which other tests run meanwhile.
 */
export async function packPackages(into: string): Promise<Readonly<Record<(typeof PACKAGES)[number], string>>> {
  const copy = mkdtempSync(join(tmpdir(), "bento-ts-packed-"));
  try {
    for (const file of ["package.json", "scripts", ...PACKAGES.map((name) => `packages/${name}`)]) {
      const filter = (path: string): boolean => !path.endsWith("/node_modules");
      cpSync(join(root, file), join(copy, file), { recursive: true, filter });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const workspaces = PACKAGES.flatMap((name) => ["--workspace", `packages/${name}`]);
    const packed = await run("npm", ["pack", "--silent", "--pack-destination", into, ...workspaces], { cwd: copy });
    if (packed.code !== 0) throw new Error(packed.stderr);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
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
