import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tinyOnnx } from "../../packages/runtime/src/models/tiny-onnx.fixture.ts";
import { makeProject } from "../support/run-command.ts";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

/** `stop` ends the model's thread as a defect of it would. */
const service = (run: "inline" | "thread"): string => `import { api, onnx, service, t } from "@bento-ts/runtime";
let thread;
process.on("worker", (started) => (thread = started));
const Row = t.Array(t.Number());
@service({ name: "adder", version: "1.0.0" })
export class Adder {
  model = onnx("models/add-one.onnx", { outputs: { y: "float32" }, run: "${run}" });
  @api({ input: Row, output: Row })
  async run(row: number[]): Promise<number[]> {
    const { y } = await this.model.run({ x: { dtype: "float32", shape: [1, row.length], data: Float32Array.from(row) } });
    return [...y.data];
  }
  @api({ input: Row, output: Row })
  stop(row: number[]): number[] {
    thread.postMessage(null);
    return row;
  }
}`;

const CHANGED =
  /model "models\/add-one\.onnx" is not the one that this server started with: expected sha256:[0-9a-f]{12}…, got sha256:[0-9a-f]{12}…: restart it to serve the new one/;

let dir: string;
let server: ServerProcess | undefined;
beforeEach(() => {
  dir = makeProject({});
  mkdirSync(join(dir, "models"));
  put("add-one");
});
afterEach(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Puts a model in the place of another one, as a rename does it: never a half-written file. */
function put(model: "add-one" | "negate"): void {
  const next = join(dir, "next");
  if (model === "add-one") copyFileSync(`${root}test/models/add-one.onnx`, next);
  else {
    const value = { type: "float32", shape: ["N", 4] } as const;
    const nodes = [{ op: "Neg", inputs: ["x"], outputs: ["y"] }];
    writeFileSync(next, tinyOnnx({ inputs: [{ name: "x", ...value }], outputs: [{ name: "y", ...value }], nodes }));
  }
  renameSync(next, join(dir, "models/add-one.onnx"));
}

async function started(run: "inline" | "thread", workers: number): Promise<ServerProcess> {
  writeFileSync(join(dir, "service.ts"), service(run));
  const env = { BENTO_SERVER_DRAIN_DELAY: "0s" };
  server = await serve(`${dir}/service.ts`, { flags: ["--workers", String(workers), "--grpc-port", "0"], env });
  return server;
}

const post = async (running: ServerProcess, path: string): Promise<unknown> => {
  const headers = { "content-type": "application/json", connection: "close" };
  return (await fetch(`${running.url}/${path}`, { method: "POST", body: "[1,2,3,4]", headers })).json();
};

interface Readiness {
  readonly ready: boolean;
  readonly workers: readonly { readonly pid: number; readonly note?: string }[];
}
const readiness = async (running: ServerProcess): Promise<Readiness> =>
  (await fetch(`${running.adminUrl}/readyz?verbose`)).json() as Promise<Readiness>;

describe("a model that is replaced on disk while it is served", () => {
  it("is not loaded by a worker that takes the place of another one: the others answer as before, the server is not ready", async () => {
    const running = await started("inline", 2);
    const [victim] = (await readiness(running)).workers;
    put("negate");
    process.kill(victim?.pid ?? 0, "SIGKILL");
    const after = await eventually(async () => {
      const now = await readiness(running);
      return CHANGED.test(now.workers[0]?.note ?? "") ? now : undefined;
    });
    expect(after.ready).toBe(false);
    expect(running.output()).toMatch(/"level":"error".*"worker":0.*"message":"worker failed to start"/);
    expect(
      JSON.parse(
        running
          .output()
          .split("\n")
          .find((line) => line.includes("failed to start")) ?? "{}",
      ),
    ).toMatchObject({
      reason: expect.stringMatching(CHANGED),
    });
    for (let call = 0; call < 4; call += 1) expect(await post(running, "run")).toEqual([2, 3, 4, 5]);
    put("add-one");
    await eventually(async () => ((await readiness(running)).ready ? true : undefined), 60_000);
    expect(await post(running, "run")).toEqual([2, 3, 4, 5]);
  });

  it("is not loaded by a thread that takes the place of another one: the server is not ready, calls get 503", async () => {
    const running = await started("thread", 1);
    expect(await post(running, "run")).toEqual([2, 3, 4, 5]);
    put("negate");
    await post(running, "stop");
    const after = await eventually(async () => {
      const now = await readiness(running);
      return now.ready ? undefined : now;
    });
    expect(after.workers[0]?.note).toBe('model "models/add-one.onnx": its thread ended and is being replaced');
    await eventually(async () => (CHANGED.test(running.output().replaceAll(String.raw`\"`, `"`)) ? true : undefined));
    expect(await post(running, "run")).toMatchObject({ status: 503, code: "UNAVAILABLE" });
    put("add-one");
    await eventually(async () => ((await readiness(running)).ready ? true : undefined), 60_000);
    expect(await post(running, "run")).toEqual([2, 3, 4, 5]);
  });
});
