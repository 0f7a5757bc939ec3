import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** ELF's numbers of machines. Source: System V ABI, "e_machine". */
const MACHINES = { amd64: 62, arm64: 183 } as const;

/**
 * Writes the tar of a root file system that looks like a Debian to who examines it, in a few kilobytes: the heads of the programs and libraries that a service
 * needs. Nothing in it runs.
 */
export function writePlainBase(dir: string, architecture: keyof typeof MACHINES): string {
  const head = Buffer.alloc(64);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  head.writeUInt16LE(MACHINES[architecture], 18);
  const banner = "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n";
  const libraries = ["libc.so.6", "libstdc++.so.6", "libgcc_s.so.1"].map((name) => `usr/lib/${name}`);
  const root = join(dir, `root-${architecture}`);
  for (const path of ["usr/bin/sh", "usr/bin/sleep", ...libraries]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path.endsWith("libc.so.6") ? Buffer.concat([head, Buffer.from(banner)]) : head);
  }
  symlinkSync("usr/bin", join(root, "bin"));
  const file = join(dir, `base-${architecture}.tar`);
  execFileSync("tar", ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-cf", file, "-C", root, "."]);
  return file;
}
