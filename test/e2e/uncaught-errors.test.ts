import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bentoTs, makeProject } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

const service = (line: string): string => `import { existsSync } from "node:fs";
import { api, service, t } from "@bento-ts/runtime";
${line}
@service({ name: "careless", version: "1.0.0" })
export class Careless {
  @api({ input: t.String(), output: t.Number() })
  throwLater(text: string): number {
    setTimeout(() => { throw new TypeError(text); }, 1);
    return process.pid;
  }
  @api({ input: t.String(), output: t.Number() })
  rejectLater(text: string): number {
    void Promise.reject(new RangeError(text));
    return process.pid;
  }
  @api({ input: t.String(), output: t.Number() })
  async hold(file: string): Promise<number> {
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    return process.pid;
  }
  @api({ input: t.String(), output: t.Number() })
  pid(): number {
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

async function started(line = ""): Promise<ServerProcess> {
  dir = makeProject({ "service.ts": service(line) });
  const env = { BENTO_SERVER_DRAIN_DELAY: "0s" };
  server = await serve(`${dir}/service.ts`, { flags: ["--workers", "1", "--grpc-port", "0"], env });
  return server;
}

const call = async ({ url }: ServerProcess, api: string, text = ""): Promise<unknown> => {
  const headers = { "content-type": "application/json", connection: "close" };
  const response = await fetch(`${url}/${api}`, { method: "POST", headers, body: JSON.stringify(text) });
  return response.json();
};

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Each line of the log; throws for one that is no JSON, such as a bare stack. */
const linesOf = (running: ServerProcess): readonly Record<string, unknown>[] =>
  running
    .output()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("an error of the author's that nobody catches", () => {
  it.each([
    ["throwLater", "TypeError", "an error outside of any call: lost cache", /Careless|Timeout/],
    ["rejectLater", "RangeError", "a promise that nobody awaits was rejected: lost cache", /rejectLater/],
  ])(
    "is a line of the log that names the worker, which is replaced in order (%s)",
    async (api, name, message, frame) => {
      const running = await started();
      const first = await call(running, "pid");
      expect(await call(running, api, "lost cache")).toBe(first);
      const next = await eventually(async () => {
        const pid = await call(running, "pid");
        return pid === first ? undefined : pid;
      });
      expect(linesOf(running)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            level: "error",
            worker: 0,
            pid: first,
            message,
            err: expect.objectContaining({
              cause: expect.objectContaining({ name, message: "lost cache", stack: expect.stringMatching(frame) }),
            }),
          }),
          expect.objectContaining({ level: "warn", worker: 0, pid: first, reason: message }),
          expect.objectContaining({ level: "info", worker: 0, pid: next, message: "worker is ready" }),
        ]),
      );
      const metrics = await (await fetch(`${running.adminUrl}/metrics`)).text();
      expect(metrics).toContain('bento_worker_replacements_total{reason="error"} 1\n');
      expect(metrics).toContain('bento_worker_replacements_total{reason="death"} 0\n');
    },
  );

  it("costs no call: those under way are finished, others are answered by the worker that stays until its successor is ready", async () => {
    const running = await started();
    const first = await call(running, "pid");
    const file = join(dir ?? "", "enough");
    const held = call(running, "hold", file);
    const answers: Promise<unknown>[] = [];
    await call(running, "throwLater", "x");
    await eventually(async () => {
      const answer = call(running, "pid");
      answers.push(answer);
      return (await answer) === first ? undefined : true;
    });
    writeFileSync(file, "");
    expect(await held).toBe(first);
    // None was reset: each gave a process's number.
    expect(new Set(await Promise.all(answers)).size).toBeLessThanOrEqual(2);
    await eventually(async () => (isAlive(Number(first)) ? undefined : true));
    expect(linesOf(running).filter(({ message }) => message === "replaced worker did not end in order")).toEqual([]);
  });

  it("is told a bounded number of times", async () => {
    const running = await started();
    const first = await call(running, "pid");
    for (let round = 0; round < 25; round += 1) await call(running, "rejectLater", `round ${round}`);
    await eventually(async () => ((await call(running, "pid")) === first ? undefined : true));
    const told = linesOf(running).filter(({ level, pid }) => level === "error" && pid === first);
    expect(told.length).toBeLessThanOrEqual(20);
  });

  it("fails the start when it comes while the service is loaded", async () => {
    dir = makeProject({
      "service.ts": service("").replace(
        /}$/,
        '  onInit() { setTimeout(() => { throw new Error("in a timer") }, 1); return new Promise(() => {}); }\n}',
      ),
    });
    const args = ["serve", "service.ts", "--port", "0", "--admin-port", "0", "--grpc-port", "0", "--workers", "1"];
    const { code, stderr } = await bentoTs(args, { cwd: dir });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: an error outside of any call: in a timer (service.ts:25:39)\n",
    });
  });

  it("is told in a sentence when it comes before any worker is started", async () => {
    dir = makeProject({ "service.ts": service('void Promise.reject(new Error("at the top"));') });
    const { code, stderr } = await bentoTs(["serve", "service.ts", "--port", "0", "--admin-port", "0"], { cwd: dir });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: an error that nobody caught: at the top (service.ts:3:21)\n",
    });
  });

  it("stops the server in order when it comes in the supervisor, which loads the author's file too", async () => {
    const running = await started(
      'if (process.send === undefined) process.on("SIGUSR2", () => { throw new Error("in the supervisor"); });',
    );
    const exited = new Promise((resolve) => running.child.once("exit", resolve));
    running.child.kill("SIGUSR2");
    expect(await exited).toBe(1);
    expect(linesOf(running)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          level: "error",
          message: "an error outside of the workers, the server stops: in the supervisor",
        }),
      ]),
    );
  });
});
