import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { PACKAGES, packPackages } from "../support/pack-packages.ts";
import { bentoTs, put, run } from "../support/run-command.ts";
import { root, startProcess } from "../support/server-process.ts";

let dir: string;
let tarballs: Awaited<ReturnType<typeof packPackages>>;
beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "bento-ts-packages-")));
  tarballs = await packPackages(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

describe.each(PACKAGES)("the tarball of %s", (name) => {
  let unpacked: string;
  let files: readonly string[];
  let manifest: Manifest;
  beforeAll(async () => {
    unpacked = join(dir, name);
    mkdirSync(unpacked);
    const { code } = await run("tar", ["-xzf", tarballs[name], "-C", unpacked, "--strip-components=1"]);
    assert.equal(code, 0);
    files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1));
    manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as Manifest;
  });

  it("is clean for publint and for are-the-types-wrong", async () => {
    const publint = await run(`${root}node_modules/.bin/publint`, ["--strict", tarballs[name]]);
    expect(publint, publint.stdout).toMatchObject({ code: 0, stdout: expect.stringContaining("All good!") as string });
    const attw = await run(`${root}node_modules/.bin/attw`, [tarballs[name], "--profile", "esm-only", "--no-color"]);
    expect(attw, attw.stdout).toMatchObject({ code: 0 });
  });

  it("holds a README, the licence and what the compiler made of the sources; no test, no fixture, no source map", () => {
    const rest = files.filter((file) => !/^(dist|templates)\//.test(file));
    const own = { cli: ["bin/bento-ts.js"], packager: [], runtime: ["bento.schema.json"] }[name];
    expect(rest.sort()).toEqual(["LICENSE", "README.md", ...own, "package.json"].sort());
    expect(files.some((file) => file.startsWith("templates/"))).toBe(name === "cli");

    const protos = files.filter((file) => file.startsWith("dist/protos/"));
    const given = name === "runtime" ? readdirSync(`${root}protos`, { recursive: true, encoding: "utf8" }) : [];
    const expected = given.filter((file) => file.endsWith(".proto")).map((file) => `dist/protos/${file}`);
    expect(protos.sort()).toEqual(expected.sort());

    const built = files.filter((file) => file.startsWith("dist/") && !protos.includes(file));
    const sourceOf = (file: string): string => file.replace(/^dist\//, "src/").replace(/(\.d\.ts|\.js)$/, ".ts");
    expect(built.length).toBeGreaterThan(50);
    const isChunk = (file: string): boolean => name === "runtime" && file.startsWith("dist/chunks/");
    const strangers = built.filter(
      (file) => !isChunk(file) && !existsSync(`${root}packages/${name}/${sourceOf(file)}`),
    );
    expect(strangers).toEqual([]);
    expect(built.filter((file) => /\.(test|fixture)\./.test(file))).toEqual([]);
    const code = built.map((file) => readFileSync(join(unpacked, file), "utf8"));
    expect(code.filter((text) => /^\/\/# sourceMappingURL=/m.test(text))).toEqual([]);
    const chunks = built.filter((file) => isChunk(file) && file.endsWith(".js")).map((file) => basename(file));
    expect(chunks.filter((chunk) => !code.some((text) => text.includes(`/${chunk}"`)))).toEqual([]);
  });

  it("names no folder of the machine that made it, and exact versions of what it needs", () => {
    const texts = files.map((file) => readFileSync(join(unpacked, file), "latin1"));
    // A path that leaves the repository, as the bundler's comments would give, names what lies around it.
    const names = (text: string): boolean => text.includes(root) || /^\/\/ (\.\.\/){3}/m.test(text);
    expect(files.filter((_, index) => names(texts[index] ?? ""))).toEqual([]);
    for (const [dependency, version] of Object.entries(manifest.dependencies)) {
      expect(version, dependency).toMatch(dependency.startsWith("@bento-ts/") ? manifest.version : /^\d+\.\d+\.\d+$/);
    }
  });
});

it("has its command in this repository too, where npm links commands before they are built", async () => {
  const help = await run("npx", ["--no-install", "bento-ts", "--help"], { cwd: `${root}examples/boston` });
  expect(help).toMatchObject({ code: 0, stdout: (await bentoTs(["--help"])).stdout });
});

const SERVICE = `import { service, api, onnx, dataFrame, t, type Infer, type Context } from "@bento-ts/runtime";

export const Boston = dataFrame({ key: "df", columns: { CRIM: "float64", RM: { type: "float64", min: 1, max: 12 } } });
export type Boston = Infer<typeof Boston>;
export const Prices = t.Array(t.Number());
export type Prices = Infer<typeof Prices>;

@service({ name: "boston", version: "1.4.0" })
export class BostonService {
  forest = onnx("models/bos_rf.onnx");

  @api({ input: Boston, output: Prices })
  async score(df: Boston, ctx: Context): Promise<Prices> {
    const { variable } = await this.forest.run({ X: df.toTensor("float32") }, ctx);
    return Array.from(variable.data);
  }
}
`;

const SERVICE_TEST = `import { createTensor } from "@bento-ts/runtime";
import { createTestClient, fakeModel } from "@bento-ts/runtime/testing";
import { expect, it } from "vitest";
import { BostonService } from "./service.ts";

const forest = fakeModel({
  inputs: { X: { dtype: "float32", shape: [null, 2] } },
  outputs: { variable: { dtype: "float32", shape: [null] } },
  run: ({ X }) => ({ variable: createTensor("float32", [X.shape[0] ?? 0], X.data.filter((_, index) => index % 2 === 1)) }),
});

it("answers", async () => {
  const client = await createTestClient(BostonService, { models: { "models/bos_rf.onnx": forest } });
  const reply = await client.post("score", { df: [{ CRIM: 0.5, RM: 6 }, { CRIM: 0.25, RM: 7 }] });
  await client.close();
  expect([reply.status, reply.json()]).toEqual([200, [6, 7]]);
});
`;

const VITEST_CONFIG = `import { bentoVitest } from "@bento-ts/runtime/vitest";
import { defineConfig } from "vitest/config";

export default defineConfig({ plugins: [bentoVitest()] });
`;

const EVERY_ENTRY = `import * as auth from "@bento-ts/runtime/auth";
import * as definition from "@bento-ts/runtime/definition";
import * as config from "@bento-ts/runtime/config";
import * as devIdp from "@bento-ts/runtime/dev-idp";
import * as modelsStore from "@bento-ts/runtime/models-store";
import * as openapi from "@bento-ts/runtime/openapi";
import * as server from "@bento-ts/runtime/server";
import * as tensorflow from "@bento-ts/runtime/tensorflow";
import * as testing from "@bento-ts/runtime/testing";
import * as vitest from "@bento-ts/runtime/vitest";
import * as packager from "@bento-ts/packager";

export default [auth, definition, config, devIdp, modelsStore, openapi, server, tensorflow, testing, vitest, packager];
`;

// "declaration": the types of what an author exports must have public names.
const COMPILER_OPTIONS = {
  target: "es2023",
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  declaration: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  types: ["node"],
};
const RESOLUTIONS = {
  // Once with the declarations of the packages and of what they depend on: this takes four times as long.
  nodenext: { module: "nodenext", skipLibCheck: false },
  bundler: { module: "preserve", moduleResolution: "bundler", skipLibCheck: true },
} as const;

describe("an empty project with the tarballs", () => {
  let project: string;
  const inProject = (file: string, ...args: readonly string[]) =>
    run(file, args, { cwd: project, env: { NODE_ENV: "development" } });
  beforeAll(async () => {
    project = join(dir, "project");
    put(project, {
      "package.json": JSON.stringify({ name: "project", private: true, type: "module" }),
      "service.ts": SERVICE,
      "service.test.ts": SERVICE_TEST,
      "vitest.config.ts": VITEST_CONFIG,
      "every-entry.ts": EVERY_ENTRY,
      "mistaken.ts": SERVICE.replace("score(df: Boston,", "score(df: string,"),
    });
    for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
      const config = { compilerOptions: { ...COMPILER_OPTIONS, ...resolution }, include: ["*.ts"] };
      put(project, {
        [`tsconfig.${name}.json`]: JSON.stringify({ ...config, exclude: ["mistaken.ts"] }),
        [`tsconfig.${name}-mistaken.json`]: JSON.stringify({
          compilerOptions: { ...config.compilerOptions, skipLibCheck: true },
          include: ["mistaken.ts"],
        }),
      });
    }
    const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const tools = ["typescript", "vitest", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
    const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    const installed = await inProject("npm", "install", ...quiet, ...Object.values(tarballs), ...tools);
    assert.equal(installed.code, 0, installed.stderr);
  }, 600_000);

  it.each(Object.keys(RESOLUTIONS))("compiles a service against their types, resolved as %s", async (resolution) => {
    const good = await inProject("npx", "tsc", "-p", `tsconfig.${resolution}.json`);
    expect(good.stdout).toBe("");
    expect(good.code).toBe(0);
    const mistaken = await inProject("npx", "tsc", "-p", `tsconfig.${resolution}-mistaken.json`);
    // Line 12 holds @api.
    expect(mistaken.stdout).toMatch(/^mistaken\.ts\(12,4\): error TS1241: /);
  });

  it("has the command", async () => {
    const help = await inProject("npx", "bento-ts", "--help");
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("serve [TARGET]") as string });
    expect(help.stdout).toBe((await bentoTs(["--help"])).stdout);
  });

  it("serves a model without code", async () => {
    const model = `${root}test/models/mlp-small`;
    const command = join(project, "node_modules/.bin/bento-ts");
    const flags = ["--port", "0", "--admin-port", "0", "--workers", "1"];
    const server = await startProcess([command, "serve", `${model}.onnx`, ...flags], /ready on (http:\/\/[^\s"]+) /);
    onTestFinished(async () => void (await server.stop()));
    const reply = await fetch(`${server.url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: readFileSync(`${model}.in.json`),
    });
    expect(reply.status).toBe(200);
    const { y } = (await reply.json()) as { readonly y: readonly (readonly number[])[] };
    const golden = JSON.parse(readFileSync(`${model}.out.json`, "utf8")) as { readonly y: number[][] };
    expect(y.length).toBe(8);
    for (const [row, cells] of golden.y.entries()) {
      for (const [column, cell] of cells.entries()) expect(y[row]?.[column]).toBeCloseTo(cell, 6);
    }
    expect(await server.stop()).toBe(0);
  });

  it("tests a decorated service with the plugin for vitest, the client and a fake model", async () => {
    const tested = await inProject("npx", "vitest", "run");
    expect(tested, tested.stdout + tested.stderr).toMatchObject({ code: 0 });
    expect(tested.stdout).toMatch(/Tests\s.*1 passed/);
  });
});
