import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/architecture.md`, "utf8");
const runtime = `${root}packages/runtime/`;

/** The block under "Folders": each row begins with its folders, `auth/  limits/`, and goes on until the next one. */
const rows = (page.match(/^packages\/runtime\/src\/\n([^]*?)^```/m)?.[1] ?? "").split(/^ {0,2}(?=[a-z])/m);
const foldersIn = (dir: string): readonly string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

describe("docs/architecture.md", () => {
  it("has the folders of the runtime, all and no others", () => {
    const named = rows.flatMap((row) =>
      row.startsWith("packages/") ? [] : (row.match(/^(?:[a-z]+\/ +)+/)?.[0] ?? ""),
    );
    const own = named
      .join(" ")
      .match(/[a-z]+(?=\/)/g)
      ?.filter((name) => !["protos", "test"].includes(name));
    expect(own?.sort()).toEqual([...foldersIn(`${runtime}src`)].sort());
  });

  it("names every protocol's folder in the row of the protocols, and every transport's in that of the transports", () => {
    const rowOf = (name: string): string => rows.find((row) => row.startsWith(`${name}/`)) ?? "";
    for (const name of ["protocols", "transports"]) {
      const words = rowOf(name).match(/[a-z][a-z0-9-]*/g) ?? [];
      expect(words).toEqual(expect.arrayContaining([...foldersIn(`${runtime}src/${name}`)]));
    }
  });

  it("names every entry of the runtime", () => {
    const { exports } = JSON.parse(readFileSync(`${runtime}package.json`, "utf8")) as { exports: object };
    const entries = Object.keys(exports).filter((name) => name !== "." && name !== "./package.json");
    expect(entries.filter((name) => !page.includes(name))).toEqual([]);
  });
});
