import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { gitRevision } from "./git-revision.ts";

/** A repository with one commit that holds a project in a folder of its own. */
function repository(): {
  readonly dir: string;
  readonly entryFile: string;
  readonly git: (...args: string[]) => string;
} {
  const root = tempTree({ "project/service.ts": "1", "other.txt": "1" });
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  git("init", "--quiet");
  git("add", ".");
  git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "first");
  const dir = join(root, "project");
  return { dir, entryFile: join(dir, "service.ts"), git };
}

it("gives the commit of a project in which nothing was changed", async () => {
  const { git, ...project } = repository();
  expect(await gitRevision(project)).toBe(git("rev-parse", "HEAD"));
});

it("gives it also when something beside the project was changed, or a file is new", async () => {
  const { git, ...project } = repository();
  writeFileSync(join(project.dir, "../other.txt"), "2");
  writeFileSync(join(project.dir, "new.txt"), "2");
  expect(await gitRevision(project)).toBe(git("rev-parse", "HEAD"));
});

it("gives none when a file of the project was changed, staged or not", async () => {
  const { git, ...project } = repository();
  writeFileSync(project.entryFile, "2");
  expect(await gitRevision(project)).toBeUndefined();
  git("add", ".");
  expect(await gitRevision(project)).toBeUndefined();
});

it("gives none for a service that the repository does not hold, and outside of one", async () => {
  const { dir } = repository();
  writeFileSync(join(dir, "new.ts"), "");
  expect(await gitRevision({ dir, entryFile: join(dir, "new.ts") })).toBeUndefined();
  const outside = tempTree({ "service.ts": "" });
  expect(await gitRevision({ dir: outside, entryFile: join(outside, "service.ts") })).toBeUndefined();
});
