import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { readPackage } from "./installed-package.ts";
import { lockfileWarnings } from "./lockfile-warnings.ts";
import { findLockfile, lockedAt, lockedFor } from "./lockfile.ts";
import type { PlacedPackage } from "./walk-closure.ts";

const lock = {
  lockfileVersion: 3,
  packages: {
    "": { name: "workspace" },
    lib: { name: "lib" },
    "node_modules/a": { version: "1.0.0", resolved: "https://registry.example.com/a.tgz", integrity: "sha512-AAAA" },
    "node_modules/b": { name: "@scope/real", version: "2.0.0", os: "linux", cpu: ["x64"], libc: ["glibc"] },
    "node_modules/@s/c/node_modules/@t/d": { version: "3.0.0" },
  },
};
const manifest = (name: string, version: string): object => ({ name, version });

describe("findLockfile", () => {
  it("takes the nearest one above the project, as a workspace has it, and reads each entry", () => {
    const dir = tempTree({ "package-lock.json": lock, "app/service.ts": "" });
    const found = findLockfile(join(dir, "app"));
    expect(found?.path).toBe(join(dir, "package-lock.json"));
    const none = (home: string): object => ({
      home: join(dir, home),
      resolved: undefined,
      integrity: undefined,
      os: [],
      cpu: [],
      libc: [],
    });
    expect(Object.fromEntries(found?.packages ?? [])).toEqual({
      lib: { ...none("lib"), name: "lib", version: "" },
      "node_modules/a": {
        ...none("node_modules/a"),
        name: "a",
        version: "1.0.0",
        resolved: "https://registry.example.com/a.tgz",
        integrity: "sha512-AAAA",
      },
      "node_modules/b": {
        ...none("node_modules/b"),
        name: "@scope/real",
        version: "2.0.0",
        os: ["linux"],
        cpu: ["x64"],
        libc: ["glibc"],
      },
      "node_modules/@s/c/node_modules/@t/d": {
        ...none("node_modules/@s/c/node_modules/@t/d"),
        name: "@t/d",
        version: "3.0.0",
      },
    });
  });

  it("finds what a file would import were all installed, the nearest one, also for a package that isn't there", () => {
    const packages = {
      "node_modules/x": { version: "1.0.0" },
      "node_modules/a/node_modules/x": { version: "2.0.0" },
      "app/node_modules/x": { version: "3.0.0" },
    };
    const dir = tempTree({ "package-lock.json": { lockfileVersion: 3, packages }, "app/service.ts": "" });
    const lockfile = findLockfile(join(dir, "app"));
    const found = (folder: string, name = "x"): string | undefined =>
      lockfile && lockedFor(lockfile, { name, fromDir: join(dir, folder) })?.version;
    expect(found("")).toBe("1.0.0");
    expect(found("node_modules/a")).toBe("2.0.0");
    expect(found("node_modules/a/node_modules/gone")).toBe("2.0.0");
    expect(found("node_modules/@s/b")).toBe("1.0.0");
    expect(found("app/src")).toBe("3.0.0");
    expect(found("app/src", "y")).toBeUndefined();
  });

  it("prefers the shrinkwrap of the same folder, as npm does", () => {
    const dir = tempTree({ "package-lock.json": lock, "npm-shrinkwrap.json": { lockfileVersion: 2 } });
    expect(findLockfile(dir)?.path).toBe(join(dir, "npm-shrinkwrap.json"));
  });

  it.each([
    ["a format of npm 6", { lockfileVersion: 1 }, "has lockfileVersion 1, expected 2 or 3: write it anew"],
    ["text that is none", "<<<<<<< HEAD", 'is no JSON: write it anew with "npm install"'],
  ])("refuses %s in one sentence", (_name, content, message) => {
    const dir = tempTree({ "package-lock.json": content });
    expect(() => findLockfile(dir)).toThrow(`${join(dir, "package-lock.json")} ${message}`);
  });
});

describe("lockfileWarnings", () => {
  const placed = (dir: string): PlacedPackage => ({ place: dir, package: readPackage(dir), needs: [], askedBy: [] });

  it("is silent where everything is as locked, packages of the workspace included", () => {
    const dir = tempTree({
      "package-lock.json": lock,
      "lib/package.json": manifest("lib", "0.1.0"),
      "node_modules/a/package.json": manifest("a", "1.0.0"),
    });
    const packages = ["lib", "node_modules/a"].map((name) => placed(join(dir, name)));
    const lockfile = findLockfile(dir);
    expect(lockfileWarnings(lockfile, packages)).toEqual([]);
    expect(lockfile && lockedAt(lockfile, { home: join(dir, "node_modules/a") })?.integrity).toBe("sha512-AAAA");
  });

  it("names what is missing from it and what has another version, three of a kind", () => {
    const names = ["p", "q", "r", "s"];
    const dir = tempTree({
      "package-lock.json": lock,
      "node_modules/a/package.json": manifest("a", "1.0.1"),
      ...Object.fromEntries(names.map((name) => [`node_modules/${name}/package.json`, manifest(name, "1.0.0")])),
    });
    const packages = ["a", ...names].map((name) => placed(join(dir, "node_modules", name)));
    const path = join(dir, "package-lock.json");
    expect(lockfileWarnings(findLockfile(dir), packages)).toEqual([
      `${path} doesn't have what is installed: p 1.0.0, q 1.0.0, r 1.0.0 and 1 more; run "npm install"`,
      `${path} has other versions than are installed: a 1.0.1 (locked: 1.0.0); run "npm install"`,
    ]);
  });

  it("says that there is none", () => {
    expect(lockfileWarnings(undefined, [])).toEqual([
      expect.stringMatching(/^the project has no package-lock\.json: /),
    ]);
  });
});
