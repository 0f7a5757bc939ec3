import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { type ClosureOptions, walkClosure } from "./walk-closure.ts";

const options: ClosureOptions = {
  machine: { os: "linux", cpu: "x64", libc: "glibc" },
  used: { onnx: true, image: true },
};

function places(dir: string, names: readonly string[], choices: Partial<ClosureOptions> = {}): readonly string[] {
  const requests = names.map((name) => ({ name, fromDir: dir }));
  return walkClosure(requests, { ...options, ...choices }).map(
    ({ place, package: found }) => `${place} ${found.json.version}`,
  );
}

describe("walkClosure", () => {
  it("takes what is needed, and what that needs, and nothing else", () => {
    const dir = tempTree({
      "node_modules/a/package.json": {
        name: "a",
        version: "1.0.0",
        dependencies: { b: "1" },
        devDependencies: { d: "1" },
      },
      "node_modules/b/package.json": { name: "b", version: "1.1.0", dependencies: { a: "1", "@types/x": "1" } },
      "node_modules/@types/x/package.json": { name: "@types/x", version: "1.0.0" },
      "node_modules/c/package.json": { name: "c", version: "1.0.0" },
      "node_modules/d/package.json": { name: "d", version: "1.0.0" },
    });
    expect(places(dir, ["a"])).toEqual(["node_modules/a 1.0.0", "node_modules/b 1.1.0"]);
  });

  it("tells what each one finds, and by which way it came in: the shortest one from the service", () => {
    const dir = tempTree({
      "node_modules/a/package.json": { name: "a", version: "1.0.0", dependencies: { b: "1", x: "2" } },
      "node_modules/a/node_modules/x/package.json": { name: "x", version: "2.0.0" },
      "node_modules/b/package.json": { name: "b", version: "1.0.0", dependencies: { c: "1", x: "1", a: "1" } },
      "node_modules/c/package.json": { name: "c", version: "1.0.0" },
      "node_modules/x/package.json": { name: "x", version: "1.0.0" },
    });
    const requests = ["x", "a"].map((name) => ({ name, fromDir: dir }));
    const [a, b, c, x] = ["a", "b", "c", "x"].map((name) => `node_modules/${name}`);
    const rows = walkClosure(requests, options).map(({ place, needs, askedBy }) => ({ place, needs, askedBy }));
    expect(rows).toEqual([
      { place: a, needs: [`${a}/node_modules/x`, b], askedBy: [] },
      { place: `${a}/node_modules/x`, needs: [], askedBy: [a] },
      { place: b, needs: [a, c, x], askedBy: [a] },
      { place: c, needs: [], askedBy: [a, b] },
      { place: x, needs: [], askedBy: [] },
    ]);
  });

  it("puts another version inside the package that wants it, and leaves the others the one at the top", () => {
    const dir = tempTree({
      "node_modules/a/package.json": { name: "a", version: "1.0.0", dependencies: { x: "2", y: "1" } },
      "node_modules/a/node_modules/x/package.json": { name: "x", version: "2.0.0", dependencies: { y: "1" } },
      "node_modules/x/package.json": { name: "x", version: "1.0.0" },
      "node_modules/y/package.json": { name: "y", version: "1.0.0", dependencies: { x: "1" } },
    });
    expect(places(dir, ["x", "a"])).toEqual([
      "node_modules/a 1.0.0",
      "node_modules/a/node_modules/x 2.0.0",
      "node_modules/x 1.0.0",
      "node_modules/y 1.0.0",
    ]);
  });

  it("gives the top to the version that is met first and the same answer whatever the order of package.json", () => {
    const tree = (dependencies: Readonly<Record<string, string>>): string =>
      tempTree({
        "node_modules/a/package.json": { name: "a", version: "1.0.0", dependencies },
        "node_modules/a/node_modules/x/package.json": { name: "x", version: "2.0.0" },
        "node_modules/b/package.json": { name: "b", version: "1.0.0", dependencies: { x: "1" } },
        "node_modules/x/package.json": { name: "x", version: "1.0.0" },
      });
    const expected = [
      "node_modules/a 1.0.0",
      "node_modules/b 1.0.0",
      "node_modules/b/node_modules/x 1.0.0",
      "node_modules/x 2.0.0",
    ];
    expect(places(tree({ b: "1", x: "2" }), ["a"])).toEqual(expected);
    expect(places(tree({ x: "2", b: "1" }), ["a"])).toEqual(expected);
  });

  it("follows the links of a workspace and of a store such as pnpm's", () => {
    const dir = tempTree({
      "lib/package.json": { name: "lib", version: "0.1.0", dependencies: { deep: "1" } },
      "app/node_modules/lib": { link: "../../lib" },
      "store/deep@1/node_modules/deep/package.json": { name: "deep", version: "1.0.0", dependencies: { deeper: "1" } },
      "store/deep@1/node_modules/deeper/package.json": { name: "deeper", version: "3.0.0" },
      "lib/node_modules/deep": { link: "../../store/deep@1/node_modules/deep" },
    });
    const [deep, deeper, lib] = walkClosure([{ name: "lib", fromDir: join(dir, "app") }], options);
    expect([deep?.place, deeper?.place, lib?.place]).toEqual([
      "node_modules/deep",
      "node_modules/deeper",
      "node_modules/lib",
    ]);
    expect(lib?.package.dir).toBe(join(dir, "lib"));
  });

  it("takes optional dependencies that are installed for the platform, and leaves the rest", () => {
    const native = (name: string, more: object): Record<string, unknown> => ({
      [`node_modules/${name}/package.json`]: { name, version: "1.0.0", ...more },
    });
    const names = ["linux", "darwin", "musl", "arm", "notlinux", "absent"];
    const dir = tempTree({
      "node_modules/a/package.json": {
        name: "a",
        version: "1.0.0",
        dependencies: Object.fromEntries(names.map((name) => [name, "1"])),
        optionalDependencies: Object.fromEntries(names.map((name) => [name, "1"])),
      },
      ...native("linux", { os: ["linux"], cpu: ["x64"], libc: ["glibc"] }),
      ...native("darwin", { os: ["darwin"] }),
      ...native("musl", { os: ["linux"], libc: ["musl"] }),
      ...native("arm", { os: ["linux"], cpu: ["arm64"] }),
      ...native("notlinux", { os: ["!linux"] }),
    });
    expect(places(dir, ["a"])).toEqual(["node_modules/a 1.0.0", "node_modules/linux 1.0.0"]);
    expect(places(dir, ["a"], { machine: { os: "linux", cpu: "arm64", libc: "glibc" } })).toEqual([
      "node_modules/a 1.0.0",
      "node_modules/arm 1.0.0",
    ]);
  });

  it("takes peers that are installed, but not optional ones", () => {
    const dir = tempTree({
      "node_modules/a/package.json": {
        name: "a",
        version: "1.0.0",
        peerDependencies: { p: "1", q: "1", gone: "1" },
        peerDependenciesMeta: { q: { optional: true } },
      },
      "node_modules/p/package.json": { name: "p", version: "1.0.0" },
      "node_modules/q/package.json": { name: "q", version: "1.0.0" },
    });
    expect(places(dir, ["a"])).toEqual(["node_modules/a 1.0.0", "node_modules/p 1.0.0"]);
  });

  it("takes of the runtime only the engines that the service uses", () => {
    const heavy = ["onnxruntime-node", "sharp", "esbuild", "fastify"];
    const dir = tempTree({
      "node_modules/@bento-ts/runtime/package.json": {
        name: "@bento-ts/runtime",
        version: "0.1.0",
        dependencies: Object.fromEntries(heavy.map((name) => [name, "1"])),
      },
      ...Object.fromEntries(
        [...heavy, "onnxruntime-common", "adm-zip"].map((name) => [
          `node_modules/${name}/package.json`,
          name === "onnxruntime-node"
            ? { name, version: "1.0.0", dependencies: { "onnxruntime-common": "1", "adm-zip": "1" } }
            : { name, version: "1.0.0" },
        ]),
      ),
    });
    const names = (used: { onnx: boolean; image: boolean }): readonly string[] =>
      walkClosure([{ name: "@bento-ts/runtime", fromDir: dir }], { ...options, used }).map(({ place }) =>
        place.slice(13),
      );
    expect(names({ onnx: false, image: false })).toEqual(["@bento-ts/runtime", "fastify"]);
    expect(names({ onnx: true, image: false })).toEqual([
      "@bento-ts/runtime",
      "fastify",
      "onnxruntime-common",
      "onnxruntime-node",
    ]);
    expect(names({ onnx: false, image: true })).toEqual(["@bento-ts/runtime", "fastify", "sharp"]);
  });

  it("names a dependency that is not installed, is made for another system, or comes in two versions", () => {
    const dir = tempTree({
      "node_modules/a/package.json": { name: "a", version: "1.0.0", dependencies: { b: "1" } },
      "node_modules/mac/package.json": { name: "mac", version: "1.0.0", os: ["darwin"] },
      "node_modules/x/package.json": { name: "x", version: "1.0.0" },
      "lib/node_modules/x/package.json": { name: "x", version: "2.0.0" },
    });
    expect(() => places(dir, ["a"])).toThrow(
      `the package "b", which is needed in ${join(dir, "node_modules/a")}, is not installed: run npm install`,
    );
    expect(() => places(dir, ["mac"])).toThrow('the package "mac" is not made for linux-x64');
    const requests = [dir, join(dir, "lib")].map((fromDir) => ({ name: "x", fromDir }));
    expect(() => walkClosure(requests, options)).toThrow('import two versions of "x"');
  });

  it("gives up on versions that need each other without end", () => {
    // a 1 → b 2 → a 2 → b 1 → a 1: each nearest one is of the wrong version.
    const stored = (name: string, version: string, wants: readonly [string, string]): Record<string, unknown> => ({
      [`store/${name}@${version}/node_modules/${name}/package.json`]: {
        name,
        version,
        dependencies: { [wants[0]]: "*" },
      },
      [`store/${name}@${version}/node_modules/${wants[0]}`]: {
        link: `../../${wants[0]}@${wants[1]}/node_modules/${wants[0]}`,
      },
    });
    const dir = tempTree({
      ...stored("a", "1.0.0", ["b", "2.0.0"]),
      ...stored("b", "2.0.0", ["a", "2.0.0"]),
      ...stored("a", "2.0.0", ["b", "1.0.0"]),
      ...stored("b", "1.0.0", ["a", "1.0.0"]),
      "node_modules/a": { link: "../store/a@1.0.0/node_modules/a" },
    });
    expect(() => places(dir, ["a"])).toThrow(/versions of "[ab]" need each other without end/);
  });
});
