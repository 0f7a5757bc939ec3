import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { projectFiles } from "./project-files.ts";

const project = {
  "labels.json": "[]",
  "data/keys.txt": "a",
  "data/deep/more.csv": "a",
  "data/deep/table.csv": "a",
  "other/keys.txt": "a",
  "service.ts": "",
  ".env": "TOKEN=1",
  "data/.env.local": "TOKEN=1",
  "data/private.pem": "KEY",
  "node_modules/a/labels.json": "[]",
  ".git/labels.json": "[]",
  "out/bento.json": "{}",
  "out/keys.txt": "a",
  ".building-1/keys.txt": "a",
  link: { link: "/etc/passwd" },
};

describe("projectFiles", () => {
  it.each([
    [["labels.json"], ["labels.json"]],
    [["./labels.json", "labels.json"], ["labels.json"]],
    [["data"], ["data/deep/more.csv", "data/deep/table.csv", "data/keys.txt"]],
    [["data/"], ["data/deep/more.csv", "data/deep/table.csv", "data/keys.txt"]],
    [["data/**/*.csv"], ["data/deep/more.csv", "data/deep/table.csv"]],
    [["**/keys.txt"], ["data/keys.txt", "other/keys.txt"]],
  ])("finds %j", async (entries, expected) => {
    expect(await projectFiles(tempTree(project), entries)).toEqual(expected);
  });

  it.each(["gone.txt", ".env", "data/private.pem", "node_modules", "link", "keys.txt"])(
    "says that %s matches nothing that may go into an image",
    async (entry) => {
      await expect(projectFiles(tempTree(project), ["labels.json", entry])).rejects.toThrow(
        `image.files: nothing in the project that may go into an image matches "${entry}"`,
      );
    },
  );

  it("never takes a secret along with its folder", async () => {
    expect(await projectFiles(tempTree(project), ["data/deep", "*"])).not.toContain(".env");
    expect(await projectFiles(tempTree(project), ["*"])).not.toContain("data/.env.local");
  });
});
