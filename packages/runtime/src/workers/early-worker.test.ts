import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startEarlyWorker } from "./early-worker.ts";
import { FIXTURE_PROGRAM } from "./testing/fixture-program.ts";
import { callJson, createHarness, PATIENT, SLOW } from "./testing/harness.ts";

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

describe("an early worker", SLOW, () => {
  it("becomes the first of the workers", async () => {
    const earlyWorker = startEarlyWorker(FIXTURE_PROGRAM);
    await using harness = createHarness({ earlyWorker });
    const port = await harness.start();
    expect(harness.supervisor.state().workers[0]?.pid).toBe(earlyWorker.pid);
    const pids = await Promise.all([1, 2].map(async () => (await callJson(port, "/"))["pid"]));
    expect(pids).toContain(earlyWorker.pid);
    expect(new Set(pids).size).toBe(2);
  });

  it("is replaced by a new process when it dies", async () => {
    const earlyWorker = startEarlyWorker(FIXTURE_PROGRAM);
    await using harness = createHarness({ earlyWorker, workers: 1 });
    await harness.start();
    process.kill(Number(earlyWorker.pid), "SIGKILL");
    const replaced = (): boolean => harness.supervisor.state().ready && !isAlive(earlyWorker.pid);
    await expect.poll(replaced, PATIENT).toBe(true);
  });

  it("that ended before it was taken fails the start as any other", async () => {
    const earlyWorker = startEarlyWorker({
      ...FIXTURE_PROGRAM,
      execArgv: ["--import", "data:text/javascript,process.exit(7)"],
    });
    await expect.poll(() => isAlive(earlyWorker.pid), PATIENT).toBe(false);
    await using harness = createHarness({ earlyWorker, workers: 1 });
    await expect(harness.start()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "worker 0 ended (exit code 7) before it was ready",
    });
  });

  it("is ended when it is not wanted, and left alone when it was taken", async () => {
    const unwanted = startEarlyWorker(FIXTURE_PROGRAM);
    unwanted.discard();
    await expect.poll(() => isAlive(unwanted.pid), PATIENT).toBe(false);

    const wanted = startEarlyWorker(FIXTURE_PROGRAM);
    await using harness = createHarness({ earlyWorker: wanted, workers: 1 });
    const port = await harness.start();
    wanted.discard();
    expect(await callJson(port, "/")).toMatchObject({ pid: wanted.pid, phase: "serving" });
  });

  it("ends by itself when its supervisor left while it loaded", async () => {
    const child = fork(fileURLToPath(new URL("./testing/http-worker.fixture.ts", import.meta.url)), { execArgv: [] });
    child.disconnect();
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });
});
