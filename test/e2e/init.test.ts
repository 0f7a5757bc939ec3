import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bentoTs, type CommandResult, run } from "../support/run-command.ts";

let dir: string;
let project: string;
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "bento-ts-init-")));
  project = join(dir, "my-irises");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const npm = (...args: readonly string[]): Promise<CommandResult> =>
  run("npm", args, { cwd: project, env: { NODE_ENV: "development" } });

function expectDone({ code, stdout, stderr }: CommandResult): void {
  expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
}

/** Packs the three packages as they would be published. */
async function packAll(): Promise<readonly string[]> {
  const names = ["runtime", "packager", "cli"].flatMap((name) => ["--workspace", `packages/${name}`]);
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", dir, ...names]);
  expect(packed).toMatchObject({ code: 0 });
  return readdirSync(dir)
    .filter((name) => name.endsWith(".tgz"))
    .map((name) => join(dir, name));
}

describe("bento-ts init", () => {
  it("writes a project that passes its own tests, types and golden examples, installed without any script", async () => {
    expect(await bentoTs(["init", "my-irises"], { cwd: dir })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("cd my-irises") as string,
    });

    const quiet = ["--prefer-offline", "--no-audit", "--no-fund"];
    const installed = await npm("install", ...quiet, "--foreground-scripts", ...(await packAll()));
    expectDone(installed);
    // npm names each script that it runs: `> onnxruntime-node@1.30.0 postinstall`.
    expect(installed.stdout + installed.stderr).not.toMatch(/^> \S+@/m);

    const tested = await npm("test");
    expectDone(tested);
    expect(tested.stdout).toMatch(/Tests\s.*3 passed/);

    const golden = await npm("run", "golden", "--silent");
    expectDone(golden);
    expect(golden.stdout).toMatch(
      /^ok {5}classify · two of each species  largest difference \S+.*tolerance 0.00001\n1 ok, 0 failed\n$/,
    );

    expect(await npm("run", "types", "--silent")).toEqual({ code: 0, stdout: "", stderr: "" });
    // A wrong type of a parameter is found by the same compiler options.
    const file = join(project, "service.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace("classify(flowers: Flowers,", "classify(flowers: string,"));
    expect(await npm("run", "types", "--silent")).toMatchObject({
      stdout: expect.stringContaining("TS1241") as string,
    });
  }, 600_000);

  it("refuses a folder that is not empty, and a template that does not exist", async () => {
    expect(await bentoTs(["init", "."], { cwd: project })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is not empty") as string,
    });
    expect(await bentoTs(["init", "other", "--template", "image"], { cwd: dir })).toEqual({
      code: 2,
      stdout: "",
      stderr: 'error: there is no template "image": choose from tabular\n',
    });
  });
});
