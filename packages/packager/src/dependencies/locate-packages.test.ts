import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Machine, ownMachine } from "../platform.ts";
import { tempTree } from "../temp-tree.fixture.ts";
import { locatePackages, type LocatedPackages } from "./locate-packages.ts";
import { findLockfile } from "./lockfile.ts";
import { type NpmRegistry, npmRegistry } from "./npm-registry.fixture.ts";

const other: Machine = { os: "linux", cpu: ownMachine().cpu === "arm64" ? "x64" : "arm64", libc: "glibc" };
const made = { os: ["linux"], cpu: [other.cpu], libc: ["glibc"], optional: true };

interface Setting {
  readonly dir: string;
  readonly registry: NpmRegistry;
  readonly asked: string[];
  readonly locate: (machine?: Machine) => Promise<LocatedPackages>;
}

/** A project with the package `addon`, which asks for `names` as its native parts, none of them installed. */
async function setting(names: readonly string[]): Promise<Setting> {
  const optional = Object.fromEntries(names.map((name) => [name, "1.0.0"]));
  const dir = tempTree({
    "package.json": { name: "made", dependencies: { addon: "1" } },
    "node_modules/addon/package.json": { name: "addon", version: "1.0.0", optionalDependencies: optional },
  });
  const registry = await npmRegistry(dir);
  writeFileSync(join(dir, ".npmrc"), registry.npmrc);
  const asked: string[] = [];
  const options = {
    used: { onnx: false, image: false },
    cacheDir: join(dir, "cache"),
    env: { ...process.env, npm_config_cache: join(dir, "npm-cache"), npm_config_userconfig: join(dir, "none") },
    signal: new AbortController().signal,
    onFetch: (name: string) => asked.push(name),
  };
  return {
    dir,
    registry,
    asked,
    locate: async (machine = other) =>
      locatePackages([{ name: "addon", fromDir: dir }], { ...options, machine, lockfile: findLockfile(dir) }),
  };
}

const lock = (dir: string, packages: Readonly<Record<string, object>>): void =>
  writeFileSync(join(dir, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }));
const places = ({ placed }: LocatedPackages): readonly string[] => placed.map(({ place }) => place);

describe("locatePackages", () => {
  it("fetches what the lockfile has for another machine, and what that needs, as the project's npm is set up; the second time without a network", async () => {
    const { dir, registry, asked, locate } = await setting(["@a/linux", "@a/darwin"]);
    const manifest = { name: "@a/linux", version: "1.0.0", optionalDependencies: { deeper: "2.0.0" } };
    const integrity = registry.publish(manifest, { "lib/a.node": "native" });
    const deeper = registry.publish({ name: "deeper", version: "2.0.0" }, { "b.so": "library" });
    lock(dir, {
      "node_modules/@a/linux": { version: "1.0.0", integrity, ...made },
      "node_modules/@a/darwin": { version: "1.0.0", os: ["darwin"] },
      "node_modules/@a/linux/node_modules/deeper": { version: "2.0.0", integrity: deeper, ...made },
    });
    const first = await locate();
    expect(places(first)).toEqual(["node_modules/@a/linux", "node_modules/addon", "node_modules/deeper"]);
    expect(first.warnings).toEqual([]);
    expect(asked).toEqual(["@a/linux@1.0.0", "deeper@2.0.0"]);
    const found = first.placed[0]?.package;
    expect(readFileSync(join(found?.dir ?? "", "lib/a.node"), "utf8")).toBe("native");
    expect(found?.home).toBe(join(dir, "node_modules/@a/linux"));
    registry.close();
    expect(await locate()).toEqual(first);
    expect(asked).toHaveLength(2);
  });

  it("asks nobody for this machine, for which npm has installed all that it was told to", async () => {
    const { dir, asked, locate } = await setting(["gone"]);
    lock(dir, { "node_modules/gone": { version: "1.0.0", integrity: "sha512-AAAA" } });
    expect(places(await locate(ownMachine()))).toEqual(["node_modules/addon"]);
    expect(asked).toEqual([]);
  });

  it("does without what the registry did not have when it was locked and doesn't have now, says so, and asks once", async () => {
    const { dir, asked, locate } = await setting(["part"]);
    lock(dir, { "node_modules/part": { version: "1.0.0", ...made } });
    const warnings = [
      "the registry doesn't have part@1.0.0, which the lockfile lists without an integrity: it is not in the bento",
    ];
    for (let round = 0; round < 2; round += 1) {
      expect(await locate()).toMatchObject({ warnings, placed: [{ place: "node_modules/addon" }] });
    }
    expect(asked).toEqual(["part@1.0.0"]);
  });

  it("says that a package without an integrity was compared with nothing", async () => {
    const { dir, registry, locate } = await setting(["part"]);
    registry.publish({ name: "part", version: "1.0.0" }, {});
    lock(dir, { "node_modules/part": { version: "1.0.0", ...made } });
    const { placed, warnings } = await locate();
    expect(placed).toHaveLength(2);
    expect(warnings).toEqual([
      expect.stringMatching(/has no integrity of part@1\.0\.0: what the registry gave was not compared/),
    ]);
  });

  it.each([
    [
      "another content than the lockfile pins",
      { version: "1.0.0", integrity: `sha512-${Buffer.alloc(64).toString("base64")}` },
      /what the registry gave for part@1\.0\.0 is not what .*package-lock\.json pins \(its sha512 differs\): don't use it before you know why/,
    ],
    [
      "a version that the registry doesn't have",
      { version: "9.0.0", integrity: `sha512-${Buffer.alloc(64).toString("base64")}` },
      /the registry doesn't have part@9\.0\.0, which .*package-lock\.json lists/,
    ],
    [
      "a name that is none",
      { name: "--help", version: "1.0.0" },
      /"--help@1\.0\.0" in the lockfile is no name and version/,
    ],
  ])("refuses %s, and keeps nothing", async (_name, entry, message) => {
    const { dir, registry, locate } = await setting(["part"]);
    registry.publish({ name: "part", version: "1.0.0" }, {});
    lock(dir, { "node_modules/part": { ...entry, ...made } });
    await expect(locate()).rejects.toThrow(message);
    expect(readdirSync(join(dir, "cache/packages"))).toEqual([]);
  });

  it("says that the registry can't be reached", async () => {
    const { dir, registry, locate } = await setting(["part"]);
    lock(dir, { "node_modules/part": { version: "1.0.0", ...made } });
    registry.close();
    await expect(locate()).rejects.toThrow(/npm can't fetch part@1\.0\.0 \(ECONNREFUSED\): /);
  });
});
