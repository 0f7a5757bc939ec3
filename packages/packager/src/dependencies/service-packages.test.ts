import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { servicePackages } from "./service-packages.ts";

const bundle = { code: "", map: "", fileName: "service.mjs", packages: [], inside: ["@team/lib"], warnings: [] };

describe("servicePackages", () => {
  it("asks for the runtime, imports and what package.json declares for running, but not for tools, types and bundled code", () => {
    const dir = tempTree({
      "package.json": {
        name: "project",
        dependencies: { z: "1", data: "1", "@team/lib": "1", "bento-ts": "1", "@types/node": "1" },
        optionalDependencies: { fast: "1" },
        devDependencies: { vitest: "1" },
      },
      "src/service.ts": "",
    });
    const entryDir = join(dir, "src");
    const imported = { name: "data", fromDir: entryDir };
    expect(servicePackages(entryDir, { ...bundle, packages: [imported] })).toEqual([
      { name: "@bento-ts/runtime", fromDir: entryDir },
      imported,
      { name: "data", fromDir: dir, isOptional: false },
      { name: "fast", fromDir: dir, isOptional: true },
      { name: "z", fromDir: dir, isOptional: false },
    ]);
    // One that code imports is needed all the same.
    const without = { without: ["data", "z"] };
    expect(servicePackages(entryDir, { ...bundle, packages: [imported] }, without).map(({ name }) => name)).toEqual([
      "@bento-ts/runtime",
      "data",
      "fast",
    ]);
  });
});
