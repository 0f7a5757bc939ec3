import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { copySboms, parseSbom } from "./copy-sboms.ts";

it.each([
  ["spdx", { format: "spdx", file: undefined }],
  ["cyclonedx", { format: "cyclonedx", file: undefined }],
  ["out/a.spdx.json", { format: "spdx", file: "out/a.spdx.json" }],
  ["a.cdx.json", { format: "cyclonedx", file: "a.cdx.json" }],
])("--sbom %s means %j", (text, copy) => expect(parseSbom(text)).toEqual(copy));

it("refuses another format, and a file whose ending tells none", () => {
  for (const text of ["swid", "a.json"]) {
    expect(() => parseSbom(text)).toThrow(
      `--sbom "${text}": expected spdx, cyclonedx, or a file that ends with .spdx.json or .cdx.json`,
    );
  }
});

it("copies the bills out of a bento, those of several platforms apart", async () => {
  const dir = mkdtempSync(join(tmpdir(), "bento-sboms-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "bento"));
  writeFileSync(join(dir, "bento/sbom.spdx.json"), "spdx");
  writeFileSync(join(dir, "bento/sbom.cdx.json"), "cdx");
  const copies = [parseSbom(join(dir, "out/a.spdx.json")), parseSbom(join(dir, "b.cdx.json"))];
  const bento = { dir: join(dir, "bento"), name: "boston", version: "1.4.0" };
  const paths = [join(dir, "out/a-arm64.spdx.json"), join(dir, "b-arm64.cdx.json")];
  expect(await copySboms(copies, bento, "-arm64")).toEqual(paths);
  expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(["spdx", "cdx"]);
});
