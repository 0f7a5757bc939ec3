import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { makeProject } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Holds the event loop until a file is there, as a long run inline does, and leaves the cores to other tests. */
const SERVICE = `import { existsSync } from "node:fs";
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "busy", version: "1.0.0" })
export class Busy {
  @api({ input: t.String(), output: t.Number() })
  compute(file: string): number {
    const end = performance.now() + 90_000;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (!existsSync(file) && performance.now() < end) Atomics.wait(cell, 0, 0, 20);
    return process.pid;
  }
}`;

let dir: string | undefined;
let server: ServerProcess | undefined;
afterEach(async () => {
  await server?.stop();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

interface Readiness {
  readonly ready: boolean;
  readonly workers: readonly { readonly pid: number; readonly restarts: number; readonly note?: string }[];
}

it("a worker that computes for long on its event loop is not ready meanwhile, on both ports, and is not replaced", async () => {
  dir = makeProject({ "service.ts": SERVICE });
  const running = await serve(`${dir}/service.ts`, {
    flags: ["--workers", "2", "--grpc-port", "0"],
    env: { BENTO_SERVER_DRAIN_DELAY: "0s", BENTO_SERVER_REQUEST_TIMEOUT: "2m" },
  });
  server = running;
  const enough = join(dir, "enough");
  const readiness = async (): Promise<Readiness> =>
    (await fetch(`${running.adminUrl}/readyz?verbose`)).json() as Promise<Readiness>;
  const before = await readiness();
  expect(before.ready).toBe(true);
  const headers = { "content-type": "application/json", connection: "close" };
  const computed = fetch(`${running.url}/compute`, { method: "POST", headers, body: JSON.stringify(enough) });
  const silent = await eventually(async () => {
    const now = await readiness();
    return now.ready ? undefined : now;
  });
  const notes = silent.workers.map(({ note }) => note);
  expect(notes.filter((note) => note === "no sign of life for 5 s: it computes, or is stuck")).toHaveLength(1);
  expect((await fetch(`${running.url}/readyz`, { headers })).status).toBe(503);
  expect(await (await fetch(`${running.adminUrl}/metrics`)).text()).toMatch(/^bento_ready 0$/m);
  writeFileSync(enough, "");
  expect(before.workers.map(({ pid }) => pid)).toContain(await (await computed).json());
  const after = await eventually(async () => {
    const now = await readiness();
    return now.ready ? now : undefined;
  });
  expect(after.workers.map(({ pid, restarts }) => ({ pid, restarts }))).toEqual(
    before.workers.map(({ pid }) => ({ pid, restarts: 0 })),
  );
});

it("a worker that computes past the time of its calls and the grace for runs is ended and replaced", async () => {
  dir = makeProject({ "service.ts": SERVICE });
  const running = await serve(`${dir}/service.ts`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
    env: { BENTO_SERVER_REQUEST_TIMEOUT: "1s", BENTO_SERVER_HUNG_RUN_GRACE: "1s" },
  });
  server = running;
  const headers = { "content-type": "application/json", connection: "close" };
  const call = (file: string): Promise<Response> =>
    fetch(`${running.url}/compute`, { method: "POST", headers, body: JSON.stringify(file) });
  const lost = await call(join(dir, "never")).catch((error: unknown) => error);
  expect(lost).toBeInstanceOf(TypeError);
  await eventually(async () => running.output().includes("SIGKILL: no sign of life for 10 s") || undefined);
  writeFileSync(join(dir, "enough"), "");
  const { status } = await eventually(() => call(join(dir ?? "", "enough")));
  expect(status).toBe(200);
});
