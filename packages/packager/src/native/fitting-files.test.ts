import { describe, expect, it } from "vitest";
import { readPackage } from "../dependencies/installed-package.ts";
import type { Machine } from "../platform.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { elfFile } from "./elf.fixture.ts";
import { fittingFiles } from "./fitting-files.ts";

const x64: Machine = { os: "linux", cpu: "x64", libc: "glibc" };
const arm64: Machine = { ...x64, cpu: "arm64" };
const windows = Buffer.from("MZ\0\0");
const elf = {
  x64: elfFile(x64),
  arm64: elfFile(arm64),
  musl: elfFile({ cpu: "arm64", libc: "musl" }),
  plain: elfFile({ cpu: "arm64", libc: undefined }),
};

/** Native files that go along for a machine. */
async function fitting(
  natives: Readonly<Record<string, Buffer | string>>,
  machine: Machine,
): Promise<readonly string[]> {
  const dir = tempTree({ "package.json": { name: "addon", version: "1.0.0" }, "index.js": "1", ...natives });
  const { fitting: files } = await fittingFiles(readPackage(dir), ["index.js", ...Object.keys(natives)], machine);
  return files.slice(1);
}

describe("fittingFiles", () => {
  it("takes of prebuilt addons those for the machine, neither musl's nor Electron's", async () => {
    const natives = {
      "prebuilds/linux-x64/node.napi.node": elf.x64,
      "prebuilds/linux-arm64/node.napi.glibc.node": elf.arm64,
      "prebuilds/linux-arm64/node.napi.musl.node": elf.plain,
      "prebuilds/linux-arm64/electron.napi.node": elf.arm64,
      "prebuilds/win32-x64/node.napi.node": windows,
    };
    expect(await fitting(natives, arm64)).toEqual(["prebuilds/linux-arm64/node.napi.glibc.node"]);
    expect(await fitting(natives, x64)).toEqual(["prebuilds/linux-x64/node.napi.node"]);
  });

  it("takes what is prebuilt in the place of what was compiled here, which would be loaded first", async () => {
    const natives = { "build/Release/a.node": elf.x64, "prebuilds/linux-arm64/node.napi.node": elf.arm64 };
    expect(await fitting(natives, arm64)).toEqual(["prebuilds/linux-arm64/node.napi.node"]);
    expect(await fitting(natives, x64)).toEqual(["build/Release/a.node"]);
  });

  it("leaves alone what is no native file, and libraries of other systems that no addon needs", async () => {
    expect(await fitting({ "run.node": "text" }, arm64)).toEqual(["run.node"]);
    expect(await fitting({ "helper.dll": windows }, arm64)).toEqual([]);
  });

  it.each([
    [
      "an addon that was compiled here",
      { "build/Release/a.node": elf.x64 },
      'the package "addon" was compiled on this machine (build/Release/a.node) and can\'t run on linux-arm64 (glibc): build on such a machine, or install a version that brings prebuilt files for it',
    ],
    [
      "an addon that was compiled here beside a library for all",
      { "build/Release/a.node": elf.x64, "lib/b.so": elf.arm64 },
      'the package "addon" was compiled on this machine (build/Release/a.node)',
    ],
    [
      "an addon for musl alone",
      { "a.node": elf.musl },
      'the package "addon" has no native file for linux-arm64 (glibc) (its a.node is for another machine): install a version that has one, or do without the package',
    ],
    [
      "an addon for another system",
      { "lib/a.node": windows },
      "has no native file for linux-arm64 (glibc) (its lib/a.node",
    ],
    [
      "a library for another processor",
      { "lib/b.so.1": elf.x64 },
      "has no native file for linux-arm64 (glibc) (its lib/b.so.1",
    ],
  ])("names %s in one sentence", async (_name, natives, message) => {
    await expect(fitting(natives, arm64)).rejects.toThrow(message);
  });
});
