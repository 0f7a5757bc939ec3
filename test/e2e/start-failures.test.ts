import { rmSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bentoTs, makeProject } from "../support/run-command.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** How `bento-ts serve` ends in a folder with these files, and what it says last. */
async function failedStart(
  files: Readonly<Record<string, string>>,
  target = "service.ts",
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const dir = makeProject(files);
  dirs.push(dir);
  const args = ["serve", target, "--port", "0", "--admin-port", "0", "--workers", "1"];
  const { code, stderr } = await bentoTs(args, { cwd: dir });
  return { code, stderr };
}

const sentence = (text: string): unknown => ({ code: 1, stderr: `error: ${text}\n` });
const MODULE = '{"type":"module"}';

/** A service of whose class `members` are a part; the class begins in line 3. */
const withMembers = (members: string): string => `import { api, service, t } from "@bento-ts/runtime";
@service({ name: "echo", version: "1.0.0" })
export class Echo {
  ${members}
  @api({ input: t.Number(), output: t.Number() })
  echo(n: number): number { return n; }
}`;

describe("a start that fails in the author's class", () => {
  it.each([
    [
      "its constructor",
      'constructor() { throw new Error("no database here"); }',
      'constructor of service "echo" failed: no database here (service.ts:4:25)',
    ],
    [
      "a field",
      "size = JSON.parse('x');",
      `constructor of service "echo" failed: Unexpected token 'x', "x" is not valid JSON (service.ts:4:15)`,
    ],
    [
      "onInit",
      'async onInit() { await Promise.resolve(); throw new Error("no cache", { cause: new Error("key is missing") }); }',
      'onInit of service "echo" failed: no cache: key is missing (service.ts:4:51)',
    ],
    ["an onInit that throws no error", 'onInit() { throw "a text"; }', 'onInit of service "echo" failed: a text'],
  ])("names service and place for %s, and ends with 1", async (_name, members, text) => {
    expect(await failedStart({ "service.ts": withMembers(members) })).toEqual(sentence(text));
  });

  it("names the constructor of a class without decorators, which is constructed to be described", async () => {
    const plain = `import { defineApi, serviceClass, t } from "@bento-ts/runtime";
export default serviceClass({ name: "plain" }, class {
  size = JSON.parse("x");
  echo = defineApi({ input: t.Number(), output: t.Number() }, (n) => n);
});`;
    expect(await failedStart({ "service.mjs": plain }, "service.mjs")).toEqual(
      sentence(`constructor of service "plain" failed: Unexpected token 'x', "x" is not valid JSON (service.mjs:3:15)`),
    );
  });
});

describe("a start that fails while the author's files are loaded", () => {
  it.each([
    [
      "compiler options that are not there",
      { "package.json": MODULE, "service.ts": withMembers(""), "tsconfig.json": '{"extends":"../gone.json"}' },
      "tsconfig.json can't be used: File '../gone.json' not found; mend it",
    ],
    [
      "a package that is missing",
      { "package.json": MODULE, "service.ts": 'import "./part.ts";', "part.ts": 'import "@team/lib/sub.js";' },
      'service.ts can\'t be loaded: part.ts imports "@team/lib", which is not installed: run "npm i @team/lib"',
    ],
    [
      "a package that is missing, in a project of CommonJS",
      { "service.ts": 'import "absent";' },
      'service.ts can\'t be loaded: service.ts imports "absent", which is not installed: run "npm i absent"',
    ],
    [
      "a file that is missing",
      { "package.json": MODULE, "src/service.ts": 'import "../gone.ts";' },
      'service.ts can\'t be loaded: service.ts imports "../gone.ts", which is not there: correct the import',
    ],
    [
      "a file that is missing, in a project of CommonJS",
      { "service.ts": 'import "./gone.ts";' },
      'service.ts can\'t be loaded: service.ts imports "./gone.ts", which is not there: correct the import',
    ],
    [
      "a syntax error in a file that it imports",
      { "package.json": MODULE, "service.ts": 'import "./part.ts";', "part.ts": "\nconst a = ;" },
      'service.ts can\'t be loaded: part.ts:2:10: Unexpected ";"',
    ],
    [
      "a syntax error in JavaScript of CommonJS",
      { "service.js": "const a = ;" },
      "service.js can't be loaded: service.js:1: Unexpected token ';'",
    ],
    [
      "a syntax error in a JavaScript module, whose place Node does not tell",
      { "service.mjs": "const a = ;" },
      `service.mjs can't be loaded: Unexpected token ';'; "node --check FILE" shows where, in service.mjs or a file that it imports`,
    ],
    [
      "a name that an imported file lacks",
      {
        "package.json": MODULE,
        "service.ts": `import { nope } from "./part.ts";\n${withMembers("nope = nope;")}`,
        "part.ts": "export const a = 1;",
      },
      "service.ts can't be loaded: service.ts:1: The requested module './part.ts' does not provide an export named 'nope'",
    ],
    [
      "await at the top of a file of CommonJS",
      { "service.ts": "await 1;" },
      'service.ts can\'t be loaded: service.ts:1:0: await at the top of a file needs "type": "module" in package.json',
    ],
    [
      "an error that its code throws",
      { "service.ts": '\nthrow new Error("no key");' },
      "service.ts can't be loaded: no key (service.ts:2:7)",
    ],
  ])("says in one sentence what to do about %s", async (_name, files: Readonly<Record<string, string>>, text) => {
    const target = Object.keys(files).find((name) => name.includes("service.")) ?? "";
    expect(await failedStart(files, target)).toEqual(sentence(text));
  });
});
