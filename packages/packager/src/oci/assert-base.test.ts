import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freshBlobs } from "../../../../test/support/small-image.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { assertBase } from "./assert-base.ts";
import { pickPlatform } from "./pick-platform.ts";
import { readRootfs } from "./read-rootfs.ts";

/** The first bytes of an ELF file for a machine. Source: System V ABI, "ELF Header": e_machine at 18; 62 is x86-64, 183 AArch64. */
function elf(machine: number, text = ""): Buffer {
  const head = Buffer.alloc(64);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  head.writeUInt16LE(machine, 18);
  return Buffer.concat([head, Buffer.from(text)]);
}

const libc = (version: string): string =>
  `GNU C Library (Debian GLIBC ${version}-9) stable release version ${version}.\n`;
const GOOD = {
  "usr/bin/dash": elf(62),
  "usr/bin/sleep": elf(62),
  "usr/bin/sh": { link: "dash" },
  bin: { link: "usr/bin" },
  lib: { link: "usr/lib" },
  "usr/lib/x86_64-linux-gnu/libc.so.6": elf(62, libc("2.36")),
  "usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30": elf(62),
  "usr/lib/x86_64-linux-gnu/libstdc++.so.6": { link: "libstdc++.so.6.0.30" },
  "usr/lib/x86_64-linux-gnu/libgcc_s.so.1": elf(62),
};

/** Asserts a base of these files for amd64. */
async function check(files: Readonly<Record<string, unknown>>): Promise<void> {
  const tar = join(tempTree(), "base.tar");
  execFileSync("tar", ["-cf", tar, "-C", tempTree(files), "."]);
  const blobs = freshBlobs();
  const root = await readRootfs(tar, { platform: "linux/amd64", blobs });
  await assertBase(await pickPlatform(root, { platform: "linux/amd64", name: "base", blobs }), { name: "base", blobs });
}
const without = (...names: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(GOOD).filter(([name]) => !names.some((one) => name.includes(one))));

it("takes a base with all that a service needs, its folders merged by links", async () => {
  await expect(check(GOOD)).resolves.toBeUndefined();
});

it.each([
  [
    "musl",
    { ...without("libc.so.6", "lib"), "lib/ld-musl-x86_64.so.1": elf(62) },
    "is made for musl, and native packages need glibc 2.28 or newer: name one such as debian:12-slim",
  ],
  ["no C library", without("libc.so.6"), "has no glibc: name one with glibc 2.28 or newer, such as debian:12-slim"],
  [
    "an old glibc",
    { ...GOOD, "usr/lib/x86_64-linux-gnu/libc.so.6": elf(62, libc("2.27")) },
    "has glibc 2.27, and native packages need 2.28 or newer: name one such as debian:12-slim",
  ],
  [
    "files of another machine",
    { ...GOOD, "usr/lib/x86_64-linux-gnu/libc.so.6": elf(183, libc("2.36")) },
    "says that it is for linux/amd64 and holds files for linux/arm64: name one for linux/amd64",
  ],
  [
    "no libstdc++",
    without("libstdc++"),
    "lacks libstdc++.so.6, which Node needs: add the package that has it (Debian: libstdc++6), or name one such as debian:12-slim with it",
  ],
  [
    "no shell",
    without("usr/bin/sh"),
    "has no /bin/sh, which stopping in order in a cluster needs: name one with a shell, or add a static busybox to it",
  ],
  [
    "no sleep",
    without("sleep"),
    "has no sleep, which stopping in order in a cluster needs: name one with a shell, or add a static busybox to it",
  ],
  [
    "a shell that leads in a circle",
    { ...without("usr/bin/sh"), "usr/bin/sh": { link: "ash" }, "usr/bin/ash": { link: "sh" } },
    "has no /bin/sh, which",
  ],
])("refuses a base with %s", async (_what, files, message) => {
  await expect(check(files)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(`the base image "base" ${message}`) as string,
  });
});
