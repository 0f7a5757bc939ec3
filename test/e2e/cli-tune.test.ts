import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { TuneFile } from "../../packages/runtime/src/models/tune/tune-file.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, bin, start, until } from "../support/run-command.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const QUICK = ["--budget", "500ms", "--max-batch", "4"];

async function modelFolder(...models: readonly string[]): Promise<string> {
  const dir = project({ "notes.txt": "" });
  for (const model of models) await copyFile(`${root}test/models/${model}`, join(dir, model));
  return dir;
}

const readTuned = async (dir: string): Promise<TuneFile> =>
  JSON.parse(await readFile(join(dir, "bento.tune.json"), "utf8")) as TuneFile;

async function served(target: string, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await serve(target, { env });
  servers.push(server);
  return server;
}

const statesOf = async ({ adminUrl }: ServerProcess): Promise<unknown> => {
  const { workers } = (await (await fetch(`${adminUrl}/readyz?verbose`)).json()) as {
    readonly workers: readonly { readonly models: unknown }[];
  };
  return workers[0]?.models;
};

describe("bento-ts tune", () => {
  it("measures a model, shows it as a table and a chart, and writes what the server goes by", async () => {
    const dir = await modelFolder("mlp-small.onnx");
    const { code, stdout, stderr } = await bentoTs(["tune", join(dir, "mlp-small.onnx"), ...QUICK]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ +place +threads +batch +p50 ms +p95 ms +ms an item +items\/s$/m);
    expect(stdout).toMatch(/^ +inline +1 +1 +\S+ +\S+ +\S+ +\d+$/m);
    expect(stdout).toMatch(/^ +[124] █+\S* [\d.]+ {2}← chosen$/m);
    expect(stdout).toMatch(/^wrote \S+bento\.tune\.json, /m);
    const { models } = await readTuned(dir);
    expect(models).toMatchObject([{ model: "mlp-small.onnx", sample: "x: float32 [1,4]", choice: { threads: 1 } }]);
    const server = await served(join(dir, "mlp-small.onnx"));
    expect(server.output()).toContain('runs as bento.tune.json says"');
    expect(await statesOf(server)).toMatchObject([{ place: models[0]?.choice.place, tuned: models[0]?.choice }]);
  });

  it("measures the models of a service with the shapes that are given, as JSON for scripts", async () => {
    const dir = project({
      "service.ts": `
        import { api, onnx, service, t } from "@bento-ts/runtime";
        console.log("loading");
        @service({ name: "two", version: "1.0.0" })
        export class Two {
          mlp = onnx("mlp-small.onnx", { threads: 1, run: "inline" });
          same = onnx("mlp-small.onnx");
          @api({ input: t.Number(), output: t.Number() })
          async id(n: number): Promise<number> { return n; }
        }`,
    });
    await copyFile(`${root}test/models/mlp-small.onnx`, join(dir, "mlp-small.onnx"));
    const { code, stdout, stderr } = await bentoTs(["tune", dir, ...QUICK, "--shape", "x=9,4", "--json"]);
    expect([code, stderr]).toEqual([0, "loading\n"]);
    const printed = JSON.parse(stdout) as TuneFile;
    expect(printed).toEqual(await readTuned(dir));
    expect(printed.models).toMatchObject([
      { model: "mlp-small.onnx", sample: "x: float32 [9,4]", choice: { place: "inline" } },
    ]);
  });

  it("is not used for a model that has changed since, and not where it is switched off", async () => {
    const dir = await modelFolder("mlp-small.onnx");
    const model = join(dir, "mlp-small.onnx");
    expect(await bentoTs(["tune", model, ...QUICK])).toMatchObject({ code: 0 });
    const off = await served(model, { BENTO_SERVER_TUNING: "false" });
    expect(off.output()).not.toContain("bento.tune.json");
    expect(await statesOf(off)).not.toMatchObject([{ tuned: expect.anything() as object }]);
    await copyFile(`${root}test/models/add-one.onnx`, model);
    const changed = await served(model);
    expect(changed.output()).toContain('which runs untuned; run \\"bento-ts tune\\" again');
  });

  it("leaves the old file whole when it is interrupted", async () => {
    const dir = await modelFolder("mlp-small.onnx");
    const before = JSON.stringify({
      formatVersion: 1,
      machine: { cpuModel: "", cpus: 1, cpusPerWorker: 1 },
      models: [],
    });
    await writeFile(join(dir, "bento.tune.json"), before);
    // What the author's module prints shows that signals are waited for.
    await writeFile(
      join(dir, "service.ts"),
      `import { api, onnx, service, t } from "@bento-ts/runtime";
       @service({ name: "one", version: "1.0.0" })
       export class One {
         mlp = onnx("mlp-small.onnx");
         constructor() { console.log("constructed"); }
         @api({ input: t.Number(), output: t.Number() })
         async id(n: number): Promise<number> { return n; }
       }`,
    );
    const child = start(process.execPath, [bin, "tune", dir, "--budget", "10m"]);
    let output = "";
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise((resolve) => child.once("close", resolve));
    await until(child, () => output.includes("constructed"));
    child.kill("SIGINT");
    expect(await ended).toBe(1);
    expect(output).toContain("error: interrupted: bento.tune.json is as it was\n");
    expect(await readFile(join(dir, "bento.tune.json"), "utf8")).toBe(before);
    expect((await readdir(dir)).filter((name) => name.startsWith(".bento.tune"))).toEqual([]);
  });

  it.each([
    [["no-such"], 2, "there is no no-such"],
    [["examples/boston", "--budget", "60"], 2, '--budget: expected a duration such as 30s, 1h at most, got "60"'],
    [["examples/boston", "--max-batch", "0"], 2, '--max-batch: expected a whole number from 1 to 4096, got "0"'],
    [["examples/boston", "--shape", "x"], 2, '--shape: expected NAME=SIZE,SIZE,…, such as x=1,3,48,192, got "x"'],
    [
      ["test/models/mlp-small.onnx", "--shape", "x=1,5", "-o", "test", "--budget", "1s"],
      1,
      "none of 1 made-up samples could be run",
    ],
    [
      ["test/models/mlp-small.onnx", "-o", "no-such", "--budget", "1h"],
      1,
      "bento.tune.json can't be written into no-such (ENOENT): name a folder that can be, with --output",
    ],
    [
      ["test/models/mlp-small.onnx", "--shape", "zzz=1,4", "-o", "test", "--budget", "1h"],
      1,
      'a shape was given for "zzz", and no model has such an input: expected "x"',
    ],
  ])("ends with one sentence: %j", async (args, expected, message) => {
    const { code, stderr } = await bentoTs(["tune", ...args]);
    expect([code, stderr.trimEnd().split("\n").length]).toEqual([expected, 1]);
    expect(stderr).toContain(message);
  });
});
