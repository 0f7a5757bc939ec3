import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { useProjects } from "../support/projects.ts";
import { bentoTs, bin, gather, put, run, start, until } from "../support/run-command.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const models = `${root}test/models`;

const ECHO = `
import { api, service, t } from "@bento-ts/runtime";
console.log("loading");
@service({ name: "echo", version: "1.0.0" })
export class Echo {
  @api({ input: t.Object({ n: t.Number() }), output: t.Number() })
  async double({ n }: { n: number }): Promise<number> { return 2 * n; }
}`;
/** The same without decorators, in plain JavaScript. */
const ECHO_JS = `
import { defineApi, serviceClass, t } from "@bento-ts/runtime";
export default serviceClass({ name: "echo" }, class {
  double = defineApi({ input: t.Object({ n: t.Number() }), output: t.Number() }, async ({ n }) => 2 * n);
});`;

const double = async ({ url }: ServerProcess): Promise<unknown> => {
  const init = { method: "POST", body: '{"n":21}', headers: { "content-type": "application/json" } };
  return (await fetch(`${url}/double`, init)).json();
};

describe("the command", () => {
  it.each([
    "init",
    "serve",
    "test",
    "inspect",
    "openapi",
    "proto",
    "models",
    "build",
    "token",
    "auth",
    "keys",
    "htpasswd",
  ])("explains %s with examples", async (name) => {
    const { code, stdout, stderr } = await bentoTs([name, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: bento-ts ${name}`);
    expect(stdout).toMatch(/Examples:\n  bento-ts /);
  });

  it("lists its commands, and ends with 2 when none is named", async () => {
    expect(await bentoTs(["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("serve [TARGET]") as string,
    });
    expect(await bentoTs([])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("Usage:") as string,
    });
    expect((await bentoTs(["--version"])).stdout).toBe("0.1.0\n");
  });

  it.each([
    [["tset"], `error: unknown command 'tset' (Did you mean test?); see "bento-ts --help"\n`],
    [["serve", "--prot", "1"], `error: unknown option '--prot' (Did you mean --port?); see "bento-ts serve --help"\n`],
    [["inspect"], `error: missing required argument 'TARGET'; see "bento-ts inspect --help"\n`],
    [["openapi", "--version", "2.0"], /Allowed choices are 3.1, 3.0; see "bento-ts openapi --help"\n$/],
    [["serve", "--port", "abc", `${models}/add-one.onnx`], /--port/],
    [["serve", "--model-name", "a/b", `${root}examples/boston`], /a model's name of letters, digits/],
  ])("ends with 2 and one sentence for %j", async (args, message) => {
    const { code, stdout, stderr } = await bentoTs(args);
    expect([code, stdout]).toEqual([2, ""]);
    if (typeof message === "string") expect(stderr).toBe(message);
    else expect(stderr).toMatch(message);
  });

  it("tells an older Node what it needs, before it loads anything", async () => {
    const older = 'Object.defineProperty(process.versions, "node", { value: "22.11.0" })';
    const result = await run(process.execPath, ["--import", `data:text/javascript,${older}`, bin, "--help"]);
    expect(result).toEqual({
      code: 1,
      stdout: "",
      stderr: "bento-ts needs Node 22.12 or newer, this is 22.11.0: install a newer one from https://nodejs.org\n",
    });
  });

  it("ends in silence when the reader of its output leaves", async () => {
    const { stderr } = await run("bash", [
      "-c",
      `"${process.execPath}" "${bin}" openapi "${root}examples/boston" | true`,
    ]);
    expect(stderr).toBe("");
  });

  it("has colours on a terminal only, and none with NO_COLOR", async () => {
    const line = `'${process.execPath}' '${bin}' inspect '${models}/add-one.onnx'`;
    const onTerminal = (env: Readonly<Record<string, string>>): Promise<{ stdout: string }> =>
      run("script", ["-qec", line, "/dev/null"], { env: { TERM: "xterm", ...env } });
    expect((await onTerminal({ NO_COLOR: "" })).stdout).toContain("\u001b[1m");
    expect((await onTerminal({ NO_COLOR: "1" })).stdout).not.toContain("\u001b[");
    expect((await bentoTs(["inspect", `${models}/add-one.onnx`])).stdout).not.toContain("\u001b[");
  });
});

describe("bento-ts serve", () => {
  const started = async (...args: Parameters<typeof serve>): Promise<ServerProcess> => {
    const server = await serve(args[0], { flags: ["--workers", "1"], ...args[1] });
    servers.push(server);
    return server;
  };

  it("serves a TypeScript file with decorators, wherever the command runs", async () => {
    const dir = project({ "service.ts": ECHO });
    expect(await double(await started(`${dir}/service.ts`))).toBe(42);
  });

  it("serves a project by the service of its bento.yaml, and a JavaScript file without decorators", async () => {
    const dir = project({ "bento.yaml": "service: app/main.js\nserver: { basePath: /ml }\n", "app/main.js": ECHO_JS });
    const server = await started(dir);
    expect(server.url).toMatch(/\/ml$/);
    expect(await double(server)).toBe(42);
  });

  it("takes compiler options from the tsconfig.json of the service, not of the folder it runs in", async () => {
    const dir = project({
      "service.ts": ECHO,
      "tsconfig.json": '{"compilerOptions":{"experimentalDecorators":true}}',
    });
    const { code, stderr } = await bentoTs(["serve", `${dir}/service.ts`]);
    expect(code).toBe(1);
    expect(stderr).toContain('remove "experimentalDecorators" from tsconfig.json');
  });

  it("uses the runtime that the project has installed", async () => {
    const dir = project({});
    rmSync(`${dir}/node_modules`, { recursive: true });
    put(dir, {
      "service.ts": "",
      "node_modules/@bento-ts/runtime/package.json":
        '{"name":"@bento-ts/runtime","type":"module","exports":{"./server":"./server.js"}}',
      "node_modules/@bento-ts/runtime/server.js":
        'export async function findService() { throw Object.assign(new Error("the copy of the project"), { name: "ServingError" }); }',
    });
    expect(await bentoTs(["serve", dir])).toEqual({ code: 1, stdout: "", stderr: "error: the copy of the project\n" });
  });

  it("says what to install when the runtime is missing", async () => {
    const dir = project({ "service.ts": ECHO });
    rmSync(`${dir}/node_modules`, { recursive: true });
    const { code, stderr } = await bentoTs(["serve", "service.ts"], { cwd: dir });
    expect([code, stderr]).toEqual([
      1,
      'error: @bento-ts/runtime is not installed for service.ts: run "npm i @bento-ts/runtime"\n',
    ]);
  });

  it("says where a service breaks while it is loaded", async () => {
    const dir = project({ "service.ts": "const config: any = undefined;\nexport const x = config.name;\n" });
    const { code, stderr } = await bentoTs(["serve", "service.ts"], { cwd: dir });
    expect(code).toBe(1);
    expect(stderr).toBe(
      "error: service.ts can't be loaded: Cannot read properties of undefined (reading 'name') (service.ts:2:25)\n",
    );
  });

  it("serves each model of a folder under its own name", async () => {
    const dir = project({});
    await run("cp", [`${models}/add-one.onnx`, `${models}/two-inputs.onnx`, dir]);
    const server = await started(dir, { flags: ["--workers", "1", "--model-name", "tiny"] });
    const init = { method: "POST", body: '{"x":[[1,2,3,4]]}', headers: { "content-type": "application/json" } };
    expect(await (await fetch(`${server.url}/add_one`, init)).json()).toEqual({ y: [[2, 3, 4, 5]] });
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { info: object; paths: object };
    expect(document.info).toMatchObject({ title: "tiny" });
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(["/add_one", "/two_inputs"]));
  });

  it("ends with 78 for a bind that nothing secures, naming both keys", async () => {
    const { code, stderr } = await bentoTs(["serve", `${models}/add-one.onnx`, "--host", "0.0.0.0", "--port", "0"]);
    expect(code).toBe(78);
    expect(stderr).toContain("security.allowAnonymous");
    expect(stderr).toContain("security.allowInsecureConnections");
  });

  it("ends with 78 for configuration that can't be meant, all of it at once", async () => {
    const dir = project({
      "bento.yaml": "service: service.ts\nserver: { prot: 1, workers: none }\n",
      "service.ts": ECHO,
    });
    const { code, stderr } = await bentoTs(["serve", dir]);
    expect(code).toBe(78);
    expect(stderr).toContain("server.prot");
    expect(stderr).toContain("server.workers");
  });

  it("says in a sentence that its port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const args = ["serve", `${models}/add-one.onnx`, "--workers", "1"];
    const main = await bentoTs([...args, "--port", String(port), "--admin-port", "0"]);
    const admin = await bentoTs([...args, "--port", "0", "--admin-port", String(port)]);
    taken.close();
    for (const { code, stderr } of [main, admin]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^error: .*\\b${port}\\b.*\n$`));
    }
  });

  it("shows on a terminal what to call, where the pages are and who can reach it", async () => {
    const line = `'${process.execPath}' '${bin}' serve examples/boston --port 0 --admin-port 0 --workers 1`;
    const child = start("script", ["-qec", line, "/dev/null"], { env: { TERM: "xterm", NO_COLOR: "1" } });
    const output = gather(child.stdout);
    await until(child, () => output().includes("Ctrl-C"));
    const stdout = output();
    child.kill("SIGTERM");
    await once(child, "close");
    expect(stdout).toMatch(
      /POST http:\/\/127\.0\.0\.1:\d+\/score  One price for each row\r?\n    curl http:\S+\/score -H 'content-type: application\/json' --data-binary @examples\/boston\/examples\/boston10.json/,
    );
    expect(stdout).toMatch(/docs +http:\/\/127\.0\.0\.1:\d+\/docs/);
    expect(stdout).toContain("open to everybody on this machine");
  });
});

describe("bento-ts openapi", () => {
  it("writes the document alone, whatever the service prints while it is loaded", async () => {
    const dir = project({ "service.ts": ECHO });
    const { code, stdout, stderr } = await bentoTs(["openapi"], { cwd: dir });
    expect([code, stderr]).toEqual([0, "loading\n"]);
    const document = JSON.parse(stdout) as { openapi: string; paths: object };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/double");
  });

  it("writes 3.0 for gateways, into a file", async () => {
    const dir = project({ "service.ts": ECHO });
    expect(await bentoTs(["openapi", "--version", "3.0", "-o", "api.json"], { cwd: dir })).toMatchObject({
      code: 0,
      stdout: "",
    });
    const { stdout } = await run("cat", [`${dir}/api.json`]);
    expect((JSON.parse(stdout) as { openapi: string }).openapi).toMatch(/^3\.0\./);
  });

  it("says what callers are asked for by the project's configuration", async () => {
    const dir = project({
      "service.ts": ECHO,
      "bento.yaml": `security: { oidc: { issuers: [{ issuer: "https://idp.example.com", audiences: [models] }] } }`,
    });
    const { stdout } = await bentoTs(["openapi"], { cwd: dir });
    expect(JSON.parse(stdout)).toMatchObject({
      components: {
        securitySchemes: { OpenId: { openIdConnectUrl: "https://idp.example.com/.well-known/openid-configuration" } },
      },
      paths: { "/double": { post: { security: [{ OpenId: [] }] } } },
    });
  });

  it("holds the examples' files", async () => {
    const { stdout } = await bentoTs(["openapi", `${root}examples/boston`]);
    expect(stdout).toContain('"CRIM": 0.09178');
  });
});

describe("bento-ts inspect", () => {
  it("tells what a model is, without any native code", async () => {
    const refuse = 'process.dlopen = () => { throw new Error("native code was loaded") }';
    const args = ["--import", `data:text/javascript,${refuse}`, bin, "inspect", `${models}/mlp-small.onnx`];
    const { code, stdout } = await run(process.execPath, args);
    expect(code).toBe(0);
    for (const line of [
      "input     x: float32 [N, 4]",
      "output    y: float32 [N, 3]",
      "ai.onnx 21",
      "metadata  author: bento-ts",
    ]) {
      expect(stdout).toContain(line);
    }
  });

  it("tells signatures of a SavedModel, without any native code", async () => {
    const refuse = 'process.dlopen = () => { throw new Error("native code was loaded") }';
    const args = ["--import", `data:text/javascript,${refuse}`, bin, "inspect", `${models}/tensorflow/kinds`];
    const { code, stdout } = await run(process.execPath, args);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\S*\/kinds\n  format +SavedModel of TensorFlow 2\.15\.1\n  tags +serve\n  size +46\.\d kB\n/,
    );
    expect(stdout).toMatch(
      /signature  pick\n    input    at: int64 \[\?\]\n    input    x: float32 \[\?\]\n    output   y: float32 \[\?\]\n/,
    );
    expect(stdout).toMatch(/signature  scalar\n    input    x: int64 \[\]\n/);
  });

  it("notes outputs that are left out, and says why a model can't be served", async () => {
    expect((await bentoTs(["inspect", `${models}/zipmap.onnx`])).stdout).toMatch(
      /note: answers leave out "probabilities": .*zipmap/,
    );
    expect((await bentoTs(["inspect", `${models}/bfloat16.onnx`])).stdout).toMatch(
      /can't be served: \/inputs\/x is bfloat16/,
    );
  });

  it("prints a service's definition, digest and schemas as JSON", async () => {
    const dir = project({ "service.ts": ECHO });
    const { stdout } = await bentoTs(["inspect", dir, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "service",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      definition: { name: "echo", apis: [{ name: "double", default: true }] },
      schemas: { DoubleInput: { type: "object", required: ["n"] }, DoubleOutput: { type: "number" } },
    });
  });

  it("fails in a sentence for a damaged file", async () => {
    const { code, stdout, stderr } = await bentoTs(["inspect", `${models}/broken.onnx`]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: "broken.onnx" is not a readable ONNX model: .*\n$/);
  });
});

describe("bento-ts models", () => {
  it("imports, lists, shows, exports, deletes and takes an exported file back", async () => {
    const dir = project({});
    const env = { BENTO_HOME: dir };
    const json = async (...args: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await bentoTs(["models", ...args, "--json"], { env });
      expect([code, stderr]).toEqual([0, ""]);
      return JSON.parse(stdout);
    };
    expect(await json("import", "small:1.0.0", `${models}/mlp-small.onnx`)).toMatchObject({
      name: "small",
      version: "1.0.0",
    });
    const [listed] = (await json("list")) as { digest: string }[];
    const shown = (await json("show", "small")) as { digest: string; path: string };
    expect(shown.digest).toBe(listed?.digest);
    const { stdout: sum } = await run("sha256sum", [shown.path]);
    expect(`sha256:${sum.slice(0, 64)}`).toBe(shown.digest);
    await json("export", "small:1.0.0", `${dir}/small.tar`);
    expect(await json("delete", "small:1.0.0")).toMatchObject({ freedBytes: 876 });
    expect(await json("list")).toEqual([]);
    expect(await json("import", `${dir}/small.tar`)).toMatchObject({ digest: shown.digest });
    const { stdout } = await bentoTs(["inspect", "small:1.0.0"], { env });
    expect(stdout).toContain("input     x: float32 [N, 4]");
  });

  it("shows a table, and what to do when there is none", async () => {
    const env = { BENTO_HOME: project({}) };
    expect((await bentoTs(["models", "list"], { env })).stdout).toMatch(
      /^no models in .*"bento-ts models import TAG PATH"/,
    );
    await bentoTs(["models", "import", "small:1", `${models}/mlp-small.onnx`], { env });
    expect((await bentoTs(["models", "list"], { env })).stdout).toMatch(
      /^TAG +SIZE +IMPORTED +DIGEST\nsmall:1  876 B  \d{4}-\d\d-\d\d  sha256:[0-9a-f]{12}\n$/,
    );
  });

  it("shows a bar on a terminal only", async () => {
    const env = { BENTO_HOME: project({}), TERM: "xterm" };
    const line = `'${process.execPath}' '${bin}' models import small:1 '${models}/mlp-small.onnx'`;
    expect((await run("script", ["-qec", line, "/dev/null"], { env })).stdout).toMatch(/importing .*%/);
  });

  it("fails in a sentence for a tag that is taken, missing or none", async () => {
    const env = { BENTO_HOME: project({}) };
    await bentoTs(["models", "import", "small:1", `${models}/mlp-small.onnx`], { env });
    const taken = await bentoTs(["models", "import", "small:1", `${models}/add-one.onnx`], { env });
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining("choose another version") as string });
    const missing = await bentoTs(["models", "show", "large:1"], { env });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("it holds small:1") as string });
    const none = await bentoTs(["models", "import", "Small", `${models}/add-one.onnx`], { env });
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("such as fraud:1.0.0") as string });
    expect(await bentoTs(["models", "import", "small:2"], { env })).toMatchObject({ code: 2 });
  });
});
