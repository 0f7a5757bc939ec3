import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { assertOutputPlace } from "./output-place.ts";

it("takes a tar's place that is free or a file, and a folder's that is free, empty or a layout", async () => {
  const dir = tempTree({ "old.tar": "", "layout/oci-layout": {}, "layout/index.json": {} });
  mkdirSync(join(dir, "empty"));
  for (const name of ["new.tar", "old.tar", "new", "empty", "layout"]) await assertOutputPlace(join(dir, name));
});

it.each([
  ["a.tar.gz", /a\.tar\.gz: the layers in a tar are compressed already, it is not: name it .*\/a\.tar$/],
  ["a.tgz", /name it .*\/a\.tar$/],
  ["folder.tar", /folder\.tar is a folder: name a file for the tar, with -o/],
  ["mine", /mine exists and is no OCI layout: name another place with -o/],
])("refuses %s", async (name, message) => {
  const dir = tempTree({ "folder.tar/notes.txt": "keep", "mine/notes.txt": "keep" });
  await expect(assertOutputPlace(join(dir, name))).rejects.toThrow(message);
});
