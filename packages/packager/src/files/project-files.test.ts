import { writeFileSync } from "node:fs";
import { join } from "node:path";
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

  const ignored = {
    ".gitignore": "*.csv\n/models/\nlogs\n# a comment\n\\#odd\n!keep.csv\n",
    ".bentoignore": "!/models/\ndrafts/\n!src/deep/wanted.bin\n*.pem\n!.env\n",
    "a.csv": "1",
    "keep.csv": "1",
    "#odd": "1",
    "models/forest.onnx": "1",
    "logs/today.txt": "1",
    "drafts/one.txt": "1",
    ".env": "TOKEN=1",
    "src/.gitignore": "*.bin\n/only-here\nsub/file.txt\n!b.csv\n",
    "src/a.bin": "1",
    "src/b.csv": "1",
    "src/deep/wanted.bin": "1",
    "src/deep/other.bin": "1",
    "src/only-here": "1",
    "src/deep/only-here": "1",
    "src/sub/file.txt": "1",
    "src/deep/sub/file.txt": "1",
    "we[i]rd/.gitignore": "x",
    "we[i]rd/x": "1",
    "we[i]rd/y": "1",
  };

  it("takes nothing that .gitignore files hide, but what .bentoignore takes back, and never a secret", async () => {
    // By hand of git's rules; "git check-ignore" says the same of all but what .bentoignore changes.
    const found = await projectFiles(tempTree(ignored), ["*"]);
    expect(found.filter((path) => !path.endsWith("ignore"))).toEqual([
      "keep.csv",
      "models/forest.onnx",
      "src/b.csv",
      "src/deep/only-here",
      "src/deep/sub/file.txt",
      "src/deep/wanted.bin",
      "we[i]rd/y",
    ]);
  });

  it.each(["a.csv", "logs", "logs/today.txt", "drafts/one.txt", ".env"])(
    "says how %s, which is hidden, can be taken",
    async (entry) => {
      await expect(projectFiles(tempTree(ignored), [entry])).rejects.toThrow(
        `matches "${entry}" (never taken: .env files, keys, .git, node_modules, symbolic links; what .gitignore hides is taken where .bentoignore has it with "!")`,
      );
    },
  );

  it("doesn't enter a hidden folder: what would fail in it is not met", async () => {
    // A folder in the place of a file of rules can't be read.
    const dir = tempTree({ ".gitignore": "data/", "data/.gitignore/x": "1", "a.txt": "1" });
    expect(await projectFiles(dir, ["*"])).toEqual([".gitignore", "a.txt"]);
    writeFileSync(join(dir, ".gitignore"), "");
    await expect(projectFiles(dir, ["*"])).rejects.toThrow(
      "data/.gitignore can't be read, so nobody knows what it hides",
    );
  });
});
