import { existsSync, readFileSync, utimesSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { copyPackages, NO_PACKAGES } from "./copy-packages.ts";
import { readPackage } from "./installed-package.ts";
import type { PlacedPackage } from "./walk-closure.ts";

const { signal } = new AbortController();
const options = { platform: { os: "linux", cpu: "x64" }, signal } as const;
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

describe("copyPackages", () => {
  it("copies each package to its place and says what it weighs", async () => {
    const dir = tempTree(tree);
    const to = join(dir, "out");
    const wanted = [place("node_modules/a", join(dir, "a"))];
    const { sizes } = await copyPackages(wanted, { ...options, to, earlier: NO_PACKAGES });
    expect(sizes).toEqual([{ name: "a", version: "1.0.0", place: "node_modules/a", bytes: 30 + 5 }]);
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
    const earlier = await copyPackages(before, { ...options, to, earlier: NO_PACKAGES });
    utimesSync(join(to, "node_modules/a/index.js"), 1, 1);
    const after = [before[0], place("node_modules/b", join(dir, "b2")), before[2]].filter((one) => one !== undefined);
    const { sizes } = await copyPackages(after, { ...options, to, earlier });
    expect(sizes.map(({ place: at, version }) => `${at} ${version}`)).toEqual([
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
    const earlier = await copyPackages(first, { ...options, to, earlier: NO_PACKAGES });
    expect(earlier.natives).toEqual([
      "node_modules/a/addon.node",
      "node_modules/a/lib/liba.so.1.2",
      "node_modules/c/b.so",
    ]);
    const second = first.slice(0, 1).concat(place("node_modules/b", join(dir, "b1")));
    const { natives } = await copyPackages(second, { ...options, to, earlier });
    expect(natives).toEqual(["node_modules/a/addon.node", "node_modules/a/lib/liba.so.1.2", "node_modules/b/b.so"]);
  });

  it("ends between two files when it is aborted", async () => {
    const dir = tempTree(tree);
    const wanted = [place("node_modules/a", join(dir, "a"))];
    const aborted = AbortSignal.abort(new Error("stop"));
    await expect(
      copyPackages(wanted, { ...options, signal: aborted, to: join(dir, "out"), earlier: NO_PACKAGES }),
    ).rejects.toThrow("stop");
    expect(existsSync(join(dir, "out"))).toBe(false);
  });
});
