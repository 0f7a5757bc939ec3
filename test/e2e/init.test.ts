import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWith } from "../support/needs.ts";
import { packPackages } from "../support/pack-packages.ts";
import { bentoTs, type CommandResult, run } from "../support/run-command.ts";

let dir: string;
let packed: readonly string[];
beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "bento-ts-init-")));
  packed = Object.values(await packPackages(dir));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a template's own tests and golden examples print when all is well. */
interface Template {
  readonly flags: readonly string[];
  readonly tests: number;
  readonly golden: string;
  /** A parameter of the method, and the same with a wrong type. */
  readonly parameter: readonly [string, string];
}

/** Resolves to the lines with which the compiler refuses the wrong parameter, when all before was well. */
async function passesItsOwnTests(name: string, { flags, tests, golden, parameter }: Template): Promise<string> {
  const project = join(dir, name);
  const npm = (...args: readonly string[]): Promise<CommandResult> =>
    run("npm", args, { cwd: project, env: { NODE_ENV: "development" } });
  const written = await bentoTs(["init", name, ...flags], { cwd: dir });
  expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining(`cd ${name}`) as string });

  const quiet = ["--prefer-offline", "--no-audit", "--no-fund"];
  const installed = await npm("install", ...quiet, "--foreground-scripts", ...packed);
  expectDone(installed);
  // npm names each script that it runs: `> onnxruntime-node@1.30.0 postinstall`.
  expect(installed.stdout + installed.stderr).not.toMatch(/^> \S+@/m);
  // Steps between the install and the tests are scripts of the project.
  for (const [, step = ""] of written.stdout.matchAll(/^ {2}npm run (\S+)/gm)) expectDone(await npm("run", step));

  const tested = await npm("test");
  expectDone(tested);
  expect(tested.stdout).toMatch(new RegExp(`Tests\\s.*${tests} passed`));

  const examples = await npm("run", "golden", "--silent");
  expectDone(examples);
  expect(examples.stdout).toMatch(
    new RegExp(`^ok {5}${golden}  largest difference \\S+.*tolerance 0.00001\\n1 ok, 0 failed\\n$`),
  );

  expect(await npm("run", "types", "--silent")).toEqual({ code: 0, stdout: "", stderr: "" });
  // A wrong type of a parameter is found by the same compiler options.
  const file = join(project, "service.ts");
  writeFileSync(file, readFileSync(file, "utf8").replace(...parameter));
  return (await npm("run", "types", "--silent")).stdout;
}

function expectDone({ code, stdout, stderr }: CommandResult): void {
  expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
}

describe("bento-ts init", () => {
  it("writes a project that passes its own tests, types and golden examples, installed without any script", async () => {
    const refused = await passesItsOwnTests("my-irises", {
      flags: [],
      tests: 3,
      golden: "classify · two of each species",
      parameter: ["classify(flowers: Flowers,", "classify(flowers: string,"],
    });
    expect(refused).toContain("TS1241");
  }, 600_000);

  it("refuses a folder that is not empty, and a template that does not exist", async () => {
    expect(await bentoTs(["init", "."], { cwd: dir })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is not empty") as string,
    });
    expect(await bentoTs(["init", "other", "--template", "audio"], { cwd: dir })).toEqual({
      code: 2,
      stdout: "",
      stderr: 'error: there is no template "audio": choose from tabular, tensorflow\n',
    });
  });
});

describeWith("native tensorflow", "bento-ts init --template tensorflow", () => {
  it("writes a project that does so with a SavedModel", async () => {
    const refused = await passesItsOwnTests("my-digits", {
      flags: ["--template", "tensorflow"],
      tests: 2,
      golden: "read · one picture of each digit",
      parameter: ["read(pixels: Pictures,", "read(pixels: string,"],
    });
    expect(refused).toContain("TS1241");
  }, 600_000);
});
