import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url).pathname;
const failDir = join(root, "test/types/fail");
const files = (await readdir(failDir)).filter((name) => name.endsWith(".ts"));
let output = "";
let project = "";

beforeAll(async () => {
  // Inside the workspace, so that the packages' built types are found as an author's compiler finds them.
  project = await mkdtemp(join(root, "test/types/.compile-"));
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { noEmit: true, rootDir: root, typeRoots: [join(root, "node_modules/@types")] },
    files: files.map((name) => join(failDir, name)),
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  output = await new Promise((resolve) => {
    execFile(
      join(root, "node_modules/.bin/tsc"),
      ["-p", project, "--pretty", "false"],
      { cwd: root },
      (_error, stdout) => resolve(stdout),
    );
  });
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

describe("a service whose types do not fit together", () => {
  it.each(files)("does not compile: %s", async (name) => {
    const lines = (await readFile(join(failDir, name), "utf8")).split("\n");
    const line = lines.findIndex((text) => text.includes("// error TS"));
    const code = /error (TS\d+)/.exec(lines[line] ?? "")?.[1];
    const reported = output.split("\n").filter((text) => text.includes(`fail/${name}(`));
    expect(reported.map((text) => /\((\d+),\d+\): error (TS\d+)/.exec(text)?.slice(1, 3))).toEqual([
      [String(line + 1), code],
    ]);
  });
});
