import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { namedFile } from "./named-file.ts";
import { tempTree } from "./temp-tree.fixture.ts";

const project = (files: Readonly<Record<string, unknown>>) => {
  const dir = tempTree(files);
  return { dir: join(dir, "project"), entryDir: join(dir, "project"), entryFile: join(dir, "project/service.ts") };
};

it("gives the path in the project and the place of the bytes, also behind a link inside of the project", async () => {
  const at = project({ "project/a.json": "1", "project/data/b.json": { link: "../a.json" } });
  expect(await namedFile(at, join(at.dir, "data/b.json"), "it")).toEqual({
    path: "data/b.json",
    real: join(at.dir, "a.json"),
  });
});

it.each([
  ["../a.json", "it lies outside of the project"],
  ["out.json", "it lies outside of the project"],
  ["folder/a.json", "it lies outside of the project"],
  ["deploy.key", "it has the name of a secret, which no image may hold"],
  ["plain.txt", "it has the name of a secret, which no image may hold"],
  ["gone.json", "it can't be read"],
  ["loop", "it can't be read"],
  ["data", "it is no file"],
  ["pipe", "it is no file"],
])("refuses %s: %s", async (name, message) => {
  const at = project({
    "a.json": "1",
    "project/out.json": { link: "../a.json" },
    "project/folder": { link: ".." },
    "project/deploy.key": "KEY",
    "project/.env": "TOKEN=1",
    "project/plain.txt": { link: ".env" },
    "project/loop": { link: "loop" },
    "project/data/b.json": "1",
  });
  execFileSync("mkfifo", [join(at.dir, "pipe")]);
  await expect(namedFile(at, join(at.dir, name), "it")).rejects.toMatchObject({ code: "FAILED_PRECONDITION", message });
});
