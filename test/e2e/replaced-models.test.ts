import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tinyOnnx } from "../../packages/runtime/src/models/tiny-onnx.fixture.ts";
import { bentoTs, makeProject } from "../support/run-command.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const SERVICE = `import { api, onnx, service, t } from "@bento-ts/runtime";
const Row = t.Array(t.Number());
@service({ name: "adder", version: "1.0.0" })
export class Adder {
  first = onnx("models/add-one.onnx", { outputs: { y: "float32" } });
  second = onnx("adder:1", { outputs: { y: "float32" } });
  @api({ input: Row, output: t.Array(Row) })
  async run(row: number[]): Promise<number[][]> {
    const x = { dtype: "float32", shape: [1, row.length], data: Float32Array.from(row) } as const;
    const answers = [await this.first.run({ x }), await this.second.run({ x })];
    return answers.map(({ y }) => [...y.data]);
  }
}`;

/** A model of the same inputs and outputs as add-one.onnx that computes y = x + x, or y = -x. */
function modelOf(op: "Add" | "Neg"): Uint8Array {
  return tinyOnnx({
    inputs: [{ name: "x", type: "float32", shape: ["N", 4] }],
    outputs: [{ name: "y", type: "float32", shape: ["N", 4] }],
    nodes: [{ op, inputs: op === "Add" ? ["x", "x"] : ["x"], outputs: ["y"] }],
  });
}

let dir: string;
let server: ServerProcess | undefined;
beforeEach(async () => {
  dir = makeProject({ "service.ts": SERVICE });
  mkdirSync(join(dir, "models"));
  mkdirSync(join(dir, "mounted"));
  copyFileSync(`${root}test/models/add-one.onnx`, join(dir, "models/add-one.onnx"));
  writeFileSync(join(dir, "double.onnx"), modelOf("Add"));
  writeFileSync(join(dir, "mounted/any-name.onnx"), modelOf("Neg"));
  const env = { BENTO_HOME: dir };
  await bentoTs(["models", "import", "adder:1", join(dir, "models/add-one.onnx")], { env });
  await bentoTs(["models", "import", "adder:2", join(dir, "double.onnx")], { env });
});
afterEach(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const started = async (models: Readonly<Record<string, string>>): Promise<ServerProcess> => {
  const env = { BENTO_HOME: dir, BENTO_MODELS: JSON.stringify(models), BENTO_SERVER_DRAIN_DELAY: "0s" };
  server = await serve(`${dir}/service.ts`, { flags: ["--workers", "1"], env });
  return server;
};
const run = async ({ url }: ServerProcess): Promise<unknown> => {
  const init = { method: "POST", body: "[1,2,3,4]", headers: { "content-type": "application/json" } };
  return (await fetch(`${url}/run`, init)).json();
};

describe("the configuration key models", () => {
  it("puts another version of the store in the place of a tag, and a mounted folder in that of a file", async () => {
    const running = await started({ adder: "adder:2", "models/add-one.onnx": join(dir, "mounted") });
    expect(await run(running)).toEqual([
      [-1, -2, -3, -4],
      [2, 4, 6, 8],
    ]);
    expect(running.output()).toContain(
      `"message":"model \\"models/add-one.onnx\\" is replaced by \\"${join(dir, "mounted")}\\", as the configuration says"`,
    );
    expect(running.output()).toContain('"message":"model \\"adder:1\\" is replaced by \\"adder:2\\", as the');
    const internal = await (await fetch(`${running.adminUrl}/readyz?verbose`)).json();
    expect(internal).toMatchObject({
      workers: [
        {
          models: [
            { source: "models/add-one.onnx", replacement: join(dir, "mounted") },
            { source: "adder:1", replacement: "adder:2", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
          ],
        },
      ],
    });
    expect(await (await fetch(`${running.url}/readyz?verbose`)).text()).not.toContain(dir);
  });

  it("leaves models that it does not name as the code has them", async () => {
    expect(await run(await started({ "add-one": "adder:2" }))).toEqual([
      [2, 4, 6, 8],
      [2, 3, 4, 5],
    ]);
  });

  it.each([
    [{ addr: "adder:2" }, 'models.addr: the service has no such model, did you mean "adder"?'],
    [
      { adder: "adder:3" },
      'model "adder:1" is replaced, as the configuration says: there is no model "adder:3" in the store',
    ],
    [
      { adder: "/nowhere/forest" },
      'model "adder:1" is replaced, as the configuration says: model "/nowhere/forest" (looked for /nowhere/forest): there is no model file "forest"',
    ],
  ])("stops the start for %j", async (models, message) => {
    const env = { BENTO_HOME: dir, BENTO_MODELS: JSON.stringify(models) };
    const { code, stderr } = await bentoTs(["serve", `${dir}/service.ts`, "--port", "0", "--admin-port", "0"], { env });
    expect(stderr).toContain(`error: ${message}`);
    expect(code).toBe(1);
  });

  it("refuses a path that means something else in every folder, with exit code 78", async () => {
    const env = { BENTO_HOME: dir, BENTO_MODELS: '{"adder":"models/other.onnx"}' };
    const { code, stderr } = await bentoTs(["serve", `${dir}/service.ts`, "--port", "0", "--admin-port", "0"], { env });
    expect(stderr).toContain(
      'models.adder: expected a store tag such as forest:2, or the absolute path of a model file or folder, got "models/other.onnx"',
    );
    expect(code).toBe(78);
  });
});
