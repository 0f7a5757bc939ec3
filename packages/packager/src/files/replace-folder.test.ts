import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { assertReplaceable, replaceFolder } from "./replace-folder.ts";

it("takes a place that is free, empty or of the same kind, and refuses a file and another kind", async () => {
  const dir = tempTree({ file: "1", "bento/bento.json": "{}", "layout/oci-layout": "{}", "layout/index.json": "{}" });
  mkdirSync(join(dir, "empty"));
  for (const name of ["absent", "empty", "bento"]) await assertReplaceable(join(dir, name), "bento");
  await assertReplaceable(join(dir, "layout"), "OCI layout");
  await expect(assertReplaceable(join(dir, "file"), "bento")).rejects.toThrow("exists and is no bento");
  await expect(assertReplaceable(join(dir, "bento"), "OCI layout")).rejects.toThrow("exists and is no OCI layout");
});

it("leaves one whole folder when several are moved to one place at the same time", async () => {
  const names = Array.from({ length: 8 }, (_, at) => `stage${at}`);
  const files = ["oci-layout", "index.json"];
  const dir = tempTree(
    Object.fromEntries(["out", ...names].flatMap((name) => files.map((file) => [`${name}/${file}`, name]))),
  );
  await Promise.all(names.map((name) => replaceFolder(join(dir, name), join(dir, "out"), "OCI layout")));
  expect(readdirSync(dir)).toEqual(["out"]);
  const [first, second] = files.map((file) => readFileSync(join(dir, "out", file), "utf8"));
  expect(first).toBe(second);
});
