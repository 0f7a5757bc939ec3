import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { makeProject } from "../support/run-command.ts";
import { eventually, root, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

/** `hang` runs a model for minutes, `hold` waits for a file and then runs another one. */
const SERVICE = `import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { api, onnx, service, t } from "@bento-ts/runtime";
const x = () => ({ dtype: "float32", shape: [1, 4], data: new Float32Array(4) });
@service({ name: "slow", version: "1.0.0" })
export class Slow {
  loop = onnx("${root}test/models/slow-loop.onnx", { run: "thread", threads: 1 });
  plus = onnx("${root}test/models/add-one.onnx", { run: "thread" });
  @api({ input: t.Integer(), output: t.Integer(), timeoutMs: 2_000 })
  async hang(iterations, ctx) {
    const count = { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(iterations)) };
    await this.loop.run({ iterations: count, x: x() }, ctx);
    return process.pid;
  }
  @api({ input: t.String(), output: t.Integer() })
  async hold(file, ctx) {
    writeFileSync(file, "");
    while (!existsSync(file + "-enough")) await delay(20);
    await this.plus.run({ x: x() }, ctx);
    return process.pid;
  }
}`;

let dir: string | undefined;
let server: ServerProcess | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Readiness {
  readonly ready: boolean;
  readonly workers: readonly { readonly pid: number; readonly restarts: number }[];
}

it("replaces the worker of a run that outlasts its grace, and answers the other calls in it", async () => {
  dir = makeProject({ "service.ts": SERVICE });
  const running = await serve(`${dir}/service.ts`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
    env: { BENTO_SERVER_HUNG_RUN_GRACE: "500ms", BENTO_SERVER_DRAIN_TIMEOUT: "100s" },
  });
  server = running;
  const post = (api: string, body: unknown): Promise<Response> =>
    fetch(`${running.url}/${api}`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify(body),
    });
  const readiness = async (): Promise<Readiness> =>
    (await fetch(`${running.adminUrl}/readyz?verbose`)).json() as Promise<Readiness>;
  const [old] = (await readiness()).workers;
  const file = join(dir, "held");
  const held = post("hold", file);
  // Minutes of computing: nothing but the end of the process ends it.
  const hung = await post("hang", 1_000_000);
  expect(hung.status).toBe(504);
  const replaced = await eventually(async () => {
    const now = await readiness();
    return now.ready && now.workers[0]?.restarts === 1 ? now : undefined;
  }, 60_000);
  expect(replaced.workers[0]?.pid).not.toBe(old?.pid);
  // It answers what it had, and the new one what comes.
  expect(isAlive(old?.pid ?? 0)).toBe(true);
  const other = await post("hang", 1);
  expect([other.status, await other.json()]).toEqual([200, replaced.workers[0]?.pid]);
  writeFileSync(`${file}-enough`, "");
  const answer = await held;
  expect([answer.status, await answer.json()]).toEqual([200, old?.pid]);
  // Long before the drain timeout: nobody waits for what is left.
  await eventually(async () => (isAlive(old?.pid ?? 0) ? undefined : true));
  const metrics = await (await fetch(`${running.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/^bento_worker_replacements_total\{reason="hung"\} 1$/m);
  const why = `a run of model "${root}test/models/slow-loop.onnx" goes on 500 ms after the time of its call`;
  const lines = running.output();
  expect(lines).toContain("worker has a model run that hangs and is being replaced");
  expect(lines).toContain(JSON.stringify(`SIGKILL: ${why}`));
  expect(await running.stop()).toBe(0);
});

it("does not take a slow run for one that hangs because its caller gave it little time", async () => {
  dir = makeProject({ "service.ts": SERVICE.replace(", timeoutMs: 2_000", "") });
  const running = await serve(`${dir}/service.ts`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
    env: { BENTO_SERVER_HUNG_RUN_GRACE: "100ms" },
  });
  server = running;
  const post = (timeoutMs: string): Promise<Response> =>
    fetch(`${running.url}/hang`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-timeout-ms": timeoutMs },
      // Seconds of computing: long enough to be looked at several times.
      body: "14000",
    });
  expect((await post("100")).status).toBe(504);
  // Its run begins when the first has ended.
  expect((await post("60000")).status).toBe(200);
  expect(running.output()).not.toContain("hangs");
});
