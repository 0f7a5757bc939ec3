import { chmodSync, existsSync, readFileSync, utimesSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { type CopiedPackage, copyPackages, nativeFiles } from "./copy-packages.ts";
import { readPackage } from "./installed-package.ts";
import type { PlacedPackage } from "./walk-closure.ts";

const { signal } = new AbortController();
const options = { machine: { os: "linux", cpu: "x64", libc: "glibc" }, signal } as const;
const tree = {
  "a/package.json": '{"name":"a","version":"1.0.0"}',
  "a/index.js": "12345",
  "b1/package.json": '{"name":"b","version":"1.0.0"}',
  "b2/package.json": '{"name":"b","version":"2.0.0"}',
};

const place = (at: string, dir: string): PlacedPackage => ({
  place: at,
  package: readPackage(dir),
  needs: [],
  askedBy: [],
});

const told = ({ placed }: CopiedPackage): string => `${placed.place} ${placed.package.json.version}`;

describe("copyPackages", () => {
  it("copies each package to its place and says what it weighs", async () => {
    const dir = tempTree(tree);
    const to = join(dir, "out");
    const wanted = [place("node_modules/a", join(dir, "a"))];
    const copied = await copyPackages(wanted, { ...options, to, earlier: [] });
    expect(copied.map(({ bytes, files }) => ({ bytes, files }))).toEqual([
      { bytes: 30 + 5, files: ["index.js", "package.json"] },
    ]);
    expect(readFileSync(join(to, "node_modules/a/index.js"), "utf8")).toBe("12345");
  });

  it("keeps what stays, takes away what goes and what stood inside it, and replaces another version", async () => {
    const dir = tempTree(tree);
    const to = join(dir, "out");
    const before = [
      place("node_modules/a", join(dir, "a")),
      place("node_modules/b", join(dir, "b1")),
      place("node_modules/b/node_modules/a", join(dir, "a")),
      place("node_modules/gone", join(dir, "b2")),
    ];
    const earlier = await copyPackages(before, { ...options, to, earlier: [] });
    utimesSync(join(to, "node_modules/a/index.js"), 1, 1);
    const after = [before[0], place("node_modules/b", join(dir, "b2")), before[2]].filter((one) => one !== undefined);
    const copied = await copyPackages(after, { ...options, to, earlier });
    expect(copied.map(told)).toEqual([
      "node_modules/a 1.0.0",
      "node_modules/b 2.0.0",
      "node_modules/b/node_modules/a 1.0.0",
    ]);
    expect(statSync(join(to, "node_modules/a/index.js")).mtimeMs).toBe(1000);
    expect(readFileSync(join(to, "node_modules/b/package.json"), "utf8")).toContain("2.0.0");
    expect(readFileSync(join(to, "node_modules/b/node_modules/a/index.js"), "utf8")).toBe("12345");
    expect(existsSync(join(to, "node_modules/gone"))).toBe(false);
  });

  it("names addons and shared libraries, of what is kept as of what is new", async () => {
    const dir = tempTree({
      ...tree,
      "a/lib/liba.so.1.2": "ELF",
      "a/addon.node": "ELF",
      "a/lib/a.solid.js": "",
      "b1/b.so": "ELF",
    });
    const to = join(dir, "out");
    const first = [place("node_modules/a", join(dir, "a")), place("node_modules/c", join(dir, "b1"))];
    const earlier = await copyPackages(first, { ...options, to, earlier: [] });
    expect(nativeFiles(earlier)).toEqual([
      "node_modules/a/addon.node",
      "node_modules/a/lib/liba.so.1.2",
      "node_modules/c/b.so",
    ]);
    const second = first.slice(0, 1).concat(place("node_modules/b", join(dir, "b1")));
    const copied = await copyPackages(second, { ...options, to, earlier });
    expect(nativeFiles(copied)).toEqual([
      "node_modules/a/addon.node",
      "node_modules/a/lib/liba.so.1.2",
      "node_modules/b/b.so",
    ]);
  });

  it("replaces the files of another machine, and keeps what is the same for both", async () => {
    const dir = tempTree({
      ...tree,
      "ort/package.json": '{"name":"onnxruntime-node","version":"1.0.0"}',
      "ort/bin/napi-v6/linux/x64/a.so": "x64",
      "ort/bin/napi-v6/linux/arm64/a.so": "arm",
    });
    const to = join(dir, "out");
    const wanted = [place("node_modules/a", join(dir, "a")), place("node_modules/ort", join(dir, "ort"))];
    const earlier = await copyPackages(wanted, { ...options, to, earlier: [] });
    utimesSync(join(to, "node_modules/a/index.js"), 1, 1);
    const machine = { os: "linux", cpu: "arm64", libc: "glibc" } as const;
    const copied = await copyPackages(wanted, { ...options, machine, to, earlier });
    expect(nativeFiles(copied)).toEqual(["node_modules/ort/bin/napi-v6/linux/arm64/a.so"]);
    expect(existsSync(join(to, "node_modules/ort/bin/napi-v6/linux/x64"))).toBe(false);
    expect(copied.map(({ leftOut }) => leftOut)).toEqual([{}, { platforms: 3 }]);
    expect(statSync(join(to, "node_modules/a/index.js")).mtimeMs).toBe(1000);
  });

  it("gives files that npm has installed a second name, and copies those that an author writes into", async () => {
    const dir = tempTree({
      "node_modules/a/package.json": '{"name":"a"}',
      "node_modules/a/run.sh": "1",
      "b/package.json": '{"name":"b"}',
    });
    chmodSync(join(dir, "node_modules/a/run.sh"), 0o755);
    const to = join(dir, "out");
    const wanted = [place("node_modules/a", join(dir, "node_modules/a")), place("node_modules/b", join(dir, "b"))];
    await copyPackages(wanted, { ...options, to, earlier: [] });
    const inode = (path: string): number => statSync(join(dir, path)).ino;
    expect(inode("out/node_modules/a/package.json")).toBe(inode("node_modules/a/package.json"));
    expect(inode("out/node_modules/b/package.json")).not.toBe(inode("b/package.json"));
    // Another mode than that of the bento's files would be the original's as well.
    expect(inode("out/node_modules/a/run.sh")).not.toBe(inode("node_modules/a/run.sh"));
    expect(statSync(join(dir, "node_modules/a/run.sh")).mode & 0o777).toBe(0o755);
  });

  it("ends between two packages when it is aborted", async () => {
    const dir = tempTree(tree);
    const wanted = [place("node_modules/a", join(dir, "a"))];
    const aborted = AbortSignal.abort(new Error("stop"));
    await expect(
      copyPackages(wanted, { ...options, signal: aborted, to: join(dir, "out"), earlier: [] }),
    ).rejects.toThrow("stop");
    expect(existsSync(join(dir, "out"))).toBe(false);
  });
});
