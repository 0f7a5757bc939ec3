import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Machine } from "../platform.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { readPackage } from "./installed-package.ts";
import { packageFiles } from "./package-files.ts";

const x64 = { os: "linux", cpu: "x64", libc: "glibc" } as const;
const filesOf = async (dir: string, machine: Machine = x64): Promise<readonly string[]> =>
  (await packageFiles(readPackage(dir), machine)).files;

describe("packageFiles", () => {
  it("keeps what runs and the licence, and drops types, maps, sources, tests, documents and nested packages", async () => {
    const dir = tempTree({
      "node_modules/a/package.json": { name: "a", version: "1.0.0", main: "./lib/index.js" },
      "node_modules/a/LICENSE.md": "MIT",
      "node_modules/a/README.md": "read me",
      "node_modules/a/lib/index.js": "1",
      "node_modules/a/lib/index.js.map": "{}",
      "node_modules/a/lib/index.d.ts": "export {}",
      "node_modules/a/lib/index.d.mts": "export {}",
      "node_modules/a/lib/source.ts": "export {}",
      "node_modules/a/lib/test/needed.js": "1",
      "node_modules/a/data/table.bin": "0",
      "node_modules/a/build/addon.node": "ELF",
      "node_modules/a/src/addon.cc": "int main;",
      "node_modules/a/.github/workflow.yml": "x",
      "node_modules/a/.eslintrc": "x",
      "node_modules/a/test/a.test.js": "1",
      "node_modules/a/docs/guide.html": "1",
      "node_modules/a/node_modules/b/index.js": "1",
      "node_modules/a/link.js": { link: "/etc/passwd" },
    });
    expect(await filesOf(join(dir, "node_modules/a"))).toEqual([
      "LICENSE.md",
      "build/addon.node",
      "data/table.bin",
      "lib/index.js",
      "lib/test/needed.js",
      "package.json",
    ]);
  });

  it("says how much was left out, and why", async () => {
    const dir = tempTree({
      "node_modules/a/package.json": { name: "a", version: "1.0.0" },
      "node_modules/a/a.d.ts": "1",
      "node_modules/a/a.js.map": "22",
      "node_modules/a/test/b.js.map": "333",
      "node_modules/a/docs/guide.html": "4444",
      "node_modules/a/docs/LICENSE": "MIT",
      "node_modules/a/src/a.cc": "55555",
      "node_modules/a/.eslintrc": "666666",
      "node_modules/a/node_modules/b/index.js": "1",
    });
    const { files, leftOut } = await packageFiles(readPackage(join(dir, "node_modules/a")), x64);
    expect(files).toEqual(["docs/LICENSE", "package.json"]);
    expect(leftOut).toEqual({ types: 1, maps: 2, tests: 3, documents: 4, sources: 5, unused: 6 });
  });

  it("keeps a folder named like tests or documents when the package's own code lies there", async () => {
    const dir = tempTree({
      "node_modules/a/package.json": { name: "a", version: "1.0.0", exports: { ".": { import: "./docs/index.js" } } },
      "node_modules/a/docs/index.js": "1",
      "node_modules/a/test/index.js": "1",
    });
    expect(await filesOf(join(dir, "node_modules/a"))).toEqual(["docs/index.js", "package.json"]);
  });

  it("takes of a workspace's package what npm would publish", async () => {
    const dir = tempTree({
      "lib/package.json": { name: "lib", version: "1.0.0", files: ["dist", "./assets/*.json", "!dist/secret.js"] },
      "lib/LICENSE": "MIT",
      "lib/dist/index.js": "1",
      "lib/dist/deep/more.js": "1",
      "lib/dist/secret.js": "1",
      "lib/assets/a.json": "{}",
      "lib/assets/a.txt": "no",
      "lib/src/index.js": "1",
      "lib/.env": "TOKEN=1",
    });
    expect(await filesOf(join(dir, "lib"))).toEqual([
      "LICENSE",
      "assets/a.json",
      "dist/deep/more.js",
      "dist/index.js",
      "package.json",
    ]);
  });

  it("takes of onnxruntime-node the binaries of one platform", async () => {
    const folders = ["linux/x64", "linux/arm64", "darwin/arm64", "win32/x64"];
    const dir = tempTree({
      "node_modules/onnxruntime-node/package.json": { name: "onnxruntime-node", version: "1.30.0" },
      "node_modules/onnxruntime-node/dist/index.js": "1",
      "node_modules/onnxruntime-node/lib/index.ts": "1",
      "node_modules/onnxruntime-node/script/install.js": "1",
      ...Object.fromEntries(
        folders.map((folder) => [
          `node_modules/onnxruntime-node/bin/napi-v6/${folder}/onnxruntime_binding.node`,
          "ELF",
        ]),
      ),
    });
    const installed = join(dir, "node_modules/onnxruntime-node");
    const [x64Files, arm64Files] = [await filesOf(installed), await filesOf(installed, { ...x64, cpu: "arm64" })];
    expect(x64Files).toEqual(["bin/napi-v6/linux/x64/onnxruntime_binding.node", "dist/index.js", "package.json"]);
    expect(arm64Files).toEqual(["bin/napi-v6/linux/arm64/onnxruntime_binding.node", "dist/index.js", "package.json"]);
  });
});
