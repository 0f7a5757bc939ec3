import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { bundleService } from "./bundle-service.ts";

const manifest = (more: object = {}): object => ({ name: "project", version: "1.0.0", type: "module", ...more });
const dep = {
  "node_modules/dep/package.json": {
    name: "dep",
    version: "1.0.0",
    type: "module",
    exports: { ".": "./index.js", "./sub": "./sub.js" },
  },
  "node_modules/dep/index.js": "export const answer = 42;",
  "node_modules/dep/sub.js": "export const deep = 1;",
};

/** Runs JavaScript as Node would and gives what it prints. */
function printed(dir: string, code: string): string {
  writeFileSync(join(dir, "run.mjs"), code);
  return execFileSync(process.execPath, [join(dir, "run.mjs")], { encoding: "utf8" }).trim();
}

describe("bundleService", () => {
  it("takes the project's files in, leaves packages out and names them", async () => {
    const dir = tempTree({
      ...dep,
      "package.json": manifest({ dependencies: { dep: "1" } }),
      "service.ts": `import { answer } from "dep"; import "dep/sub"; import { double } from "./lib/double.ts"; import labels from "./labels.json" with { type: "json" };
        import { sep } from "node:path"; import { EOL } from "os"; console.log(double(answer), labels.length, sep, EOL.length);`,
      "lib/double.ts": "export const double = (value: number): number => value * 2;",
      "labels.json": ["a", "b", "c"],
    });
    const bundle = await bundleService(join(dir, "service.ts"));
    expect(bundle.packages).toEqual([{ name: "dep", fromDir: dir }]);
    expect(bundle.fileName).toBe("service.mjs");
    expect(bundle.code).toContain('from "dep";');
    expect(bundle.code).not.toContain("answer = 42");
    expect(bundle.code.endsWith("//# sourceMappingURL=service.mjs.map\n")).toBe(true);
    expect(printed(dir, bundle.code)).toBe("84 3 / 1");
  });

  it("gives the same bytes for the same project in another folder, and no path of this machine", async () => {
    const project = {
      ...dep,
      "package.json": manifest({ dependencies: { dep: "1" } }),
      "src/service.ts":
        'import { answer } from "dep"; import { here } from "../lib/here.ts"; console.log(answer, here);',
      "lib/here.ts": "export const here = import.meta.url;",
    };
    const [first, second] = [tempTree(project), tempTree(project)];
    const one = await bundleService(join(first, "src/service.ts"));
    const other = await bundleService(join(second, "src/service.ts"));
    expect(other.code).toBe(one.code);
    expect(other.map).toBe(one.map);
    expect(one.code + one.map).not.toContain(first);
    const map: { readonly sources: readonly string[] } = JSON.parse(one.map);
    expect(map.sources).toContain("service.ts");
    expect(map.sources).toContain("../lib/here.ts");
  });

  it("keeps import.meta of each file true to where the file lay", async () => {
    const dir = tempTree({
      "package.json": manifest(),
      "service.ts": `import { data, dir, file } from "./lib/load.ts"; console.log(data, dir.slice(-4), file.slice(-8), new URL("./x", import.meta.url).pathname.slice(-2));`,
      "lib/load.ts": `import { readFileSync } from "node:fs";
        export const data: string = readFileSync(new URL("./data.txt", import.meta.url), "utf8").trim();
        export const dir: string = import.meta.dirname; export const file: string = import.meta.filename;`,
      "lib/data.txt": "found",
    });
    const { code } = await bundleService(join(dir, "service.ts"));
    expect(printed(dir, code)).toBe("found /lib /load.ts /x");
  });

  it("lowers standard decorators, which Node does not run", async () => {
    const dir = tempTree({
      "package.json": manifest(),
      "service.ts": `const mark = (_value: unknown, { name }: ClassMethodDecoratorContext): void => console.log(String(name));
        class A { @mark score(): void {} } void A;`,
    });
    const { code } = await bundleService(join(dir, "service.ts"));
    expect(code).not.toMatch(/^\s*@mark/m);
    expect(printed(dir, code)).toBe("score");
  });

  it("takes in a workspace's TypeScript package and aliases of tsconfig", async () => {
    const dir = tempTree({
      "lib/package.json": { name: "@team/lib", version: "1.0.0", exports: "./index.ts", dependencies: { dep: "1" } },
      "lib/index.ts": 'import { answer } from "dep"; export const lib: number = answer;',
      "lib/node_modules/dep": { link: "../../node_modules/dep" },
      ...dep,
      "app/package.json": manifest({ dependencies: { "@team/lib": "1" } }),
      "app/tsconfig.json": { compilerOptions: { paths: { "@/*": ["./src/*"] } } },
      "app/node_modules/@team/lib": { link: "../../../lib" },
      "app/service.ts": 'import { lib } from "@team/lib"; import { one } from "@/one.ts"; console.log(lib + one);',
      "app/src/one.ts": "export const one: number = 1;",
    });
    const bundle = await bundleService(join(dir, "app/service.ts"));
    expect(bundle.packages).toEqual([{ name: "dep", fromDir: join(dir, "lib") }]);
    expect(bundle.inside).toEqual(["@team/lib"]);
    expect(printed(dir, bundle.code)).toBe("43");
  });

  it("lets a CommonJS file ask for a package", async () => {
    const dir = tempTree({
      "node_modules/old/package.json": { name: "old", version: "1.0.0", main: "index.js" },
      "node_modules/old/index.js": "module.exports = { age: 7 };",
      "package.json": manifest({ dependencies: { old: "1" } }),
      "service.ts":
        'import { createRequire } from "node:module"; const require = createRequire(import.meta.url); import load from "./load.cjs"; console.log(load.age, typeof require);',
      "load.cjs": 'module.exports = require("old");',
    });
    const bundle = await bundleService(join(dir, "service.ts"));
    expect(bundle.packages).toEqual([{ name: "old", fromDir: dir }]);
    expect(printed(dir, bundle.code)).toBe("7 function");
  });

  it("counts no import of types only", async () => {
    const dir = tempTree({
      "package.json": manifest({ devDependencies: { dep: "1" } }),
      "service.ts": 'import type { answer } from "dep"; export type Answer = typeof answer; console.log(1);',
    });
    expect((await bundleService(join(dir, "service.ts"))).packages).toEqual([]);
  });

  it.each([
    [
      "a package that is not installed",
      {},
      'import "absent";',
      'service.ts:1: the package "absent" is not installed: run "npm install absent"',
    ],
    [
      "an import that is not declared",
      {},
      'import "dep";',
      'service.ts:1: the package "dep" is imported and is not declared in the package.json of project: run "npm install dep"',
    ],
    [
      "an import that is declared for development only",
      { devDependencies: { dep: "1" } },
      'import { answer } from "dep/sub"; console.log(answer);',
      'service.ts:1: the package "dep" is imported and is only a devDependency of project, which an image does not hold: run "npm install --save-prod dep"',
    ],
    ["a file that is missing", {}, '\nimport "./gone.ts";', 'service.ts:2: Could not resolve "./gone.ts"'],
    ["a syntax error", {}, "const a = ;", 'service.ts:1: Unexpected ";"'],
  ])("names %s with its place", async (_name, declared, code, message) => {
    const dir = tempTree({ ...dep, "package.json": manifest(declared), "service.ts": code });
    await expect(bundleService(join(dir, "service.ts"))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `service.ts can't be bundled: ${message}`,
    });
  });
});
