import { describe, expect, it } from "vitest";
import {
  PATIENT,
  SLOW,
  begin,
  call,
  callJson,
  createHarness,
  openConnection,
  type Outcome,
  untilClosed,
  untilState,
} from "./testing/harness.ts";

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

describe("start of a supervisor", SLOW, () => {
  it("fails with the message of the worker that failed, and leaves no process", async () => {
    await using harness = createHarness({
      payload: { fail: { message: "no model here", kind: "serving-error", worker: 1 } },
    });
    const pids: (number | undefined)[] = [];
    harness.supervisor.onChange((state) => pids.push(...state.workers.map(({ pid }) => pid)));
    await expect(harness.start()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "no model here",
      details: { worker: 1 },
    });
    expect(harness.supervisor.state()).toMatchObject({ phase: "stopped", ready: false });
    expect(pids.filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]);
  });

  it("tells where a foreign error came from", async () => {
    await using harness = createHarness({ payload: { fail: { message: "x is not a function", kind: "error" } } });
    await expect(harness.start()).rejects.toMatchObject({
      code: "INTERNAL",
      message: "x is not a function",
      details: { stack: expect.stringContaining("http-worker.fixture.ts") },
    });
  });

  it("tells how a worker ended that said nothing", async () => {
    await using harness = createHarness({ payload: { fail: { message: "", kind: "exit", worker: 0 } } });
    await expect(harness.start()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "worker 0 ended (exit code 3) before it was ready",
    });
  });

  it("gives up on a worker that is not ready in time", async () => {
    await using harness = createHarness({
      workers: 1,
      payload: { fail: { message: "", kind: "hang" } },
      timing: { startTimeoutMs: 700 },
    });
    await expect(harness.start()).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "worker 0 was not ready within 0.7 s",
    });
  });

  it("is over when workers find different files of a model, and leaves no process", async () => {
    await using harness = createHarness({ payload: { digests: ["sha256:aa", "sha256:bb"] } });
    await expect(harness.start()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: 'the files of model "model.onnx" changed while the server started: start it again',
    });
    expect(harness.supervisor.state()).toMatchObject({
      phase: "stopped",
      workers: [{ phase: "dead" }, { phase: "dead" }],
    });
  });

  it("names the address that it can't have", async () => {
    await using first = createHarness({ workers: 1 });
    const port = await first.start();
    await using second = createHarness({ workers: 1, listen: [{ name: "http", host: "127.0.0.1", port }] });
    await expect(second.start()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `can't listen on 127.0.0.1 port ${port}: another process has it; choose another port or end that process`,
    });
    expect(second.supervisor.state().phase).toBe("stopped");
  });

  it("ends when it is drained before it is ready", async () => {
    await using harness = createHarness({ payload: { fail: { message: "", kind: "hang" } } });
    const started = harness.start();
    started.catch(() => undefined);
    expect(await harness.supervisor.drain()).toBe(0);
    await expect(started).rejects.toMatchObject({
      code: "CANCELLED",
      message: "the server was stopped before it was ready",
    });
  });
});

describe("drain of a supervisor", SLOW, () => {
  it("is not ready at once, finishes what runs, closes idle connections, and ends with 0", async () => {
    await using harness = createHarness({ drainDelayMs: 100 });
    const port = await harness.start();
    const running = begin(port, "/until-drain");
    await running.begun;
    const idle = await openConnection(port);
    const code = harness.supervisor.drain();
    expect(harness.supervisor.state()).toMatchObject({ phase: "draining", ready: false });
    expect(await untilClosed(idle)).toBe("end");
    expect(await running.outcome).toMatchObject({ status: 200, body: "begun ended" });
    expect(await code).toBe(0);
    expect(harness.supervisor.state()).toMatchObject({
      phase: "stopped",
      workers: [{ phase: "dead" }, { phase: "dead" }],
    });
    expect(await call(port, "/")).toEqual({ error: "ECONNREFUSED" });
  });

  it("fails no call while it drains, and closes each connection after its reply", async () => {
    await using harness = createHarness({ drainDelayMs: 60_000 });
    const port = await harness.start();
    const outcomes: Outcome[] = [];
    let isLoading = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (isLoading) outcomes.push(await call(port, "/"));
    });
    await expect.poll(() => outcomes.length, PATIENT).toBeGreaterThan(20);
    void harness.supervisor.drain();
    const draining = (): readonly Outcome[] =>
      outcomes.filter(
        (outcome) => "body" in outcome && outcome.body.includes("draining") && outcome.connection === "close",
      );
    await expect.poll(() => draining().length, PATIENT).toBeGreaterThan(40);
    isLoading = false;
    await Promise.all(callers);
    expect(outcomes.filter((outcome) => !("status" in outcome && outcome.status === 200))).toEqual([]);
  });

  it("ends workers that do not finish in time, and says so with 1", async () => {
    await using harness = createHarness({ drainTimeoutMs: 300 });
    const port = await harness.start();
    const running = begin(port, "/never");
    await running.begun;
    expect(await harness.supervisor.drain()).toBe(1);
    expect(await running.outcome).toEqual({ error: "ECONNRESET" });
    expect(harness.log.join("")).toContain("worker did not finish in time and was ended");
  });

  it("ends at once when it is killed while it drains", async () => {
    await using harness = createHarness({ drainDelayMs: 60_000 });
    const port = await harness.start();
    const running = begin(port, "/never");
    await running.begun;
    const code = harness.supervisor.drain();
    harness.supervisor.kill();
    expect(await code).toBe(1);
    expect(await running.outcome).toEqual({ error: "ECONNRESET" });
  });

  it("replaces a worker that dies while it still answers", async () => {
    await using harness = createHarness({
      workers: 1,
      drainDelayMs: 60_000,
      timing: { restart: { firstDelayMs: 50, factor: 2, maxDelayMs: 100, healthyMs: 60_000 } },
    });
    const port = await harness.start();
    void harness.supervisor.drain();
    await call(port, "/crash");
    expect(await callJson(port, "/")).toMatchObject({ phase: "draining" });
    await untilState(
      harness.supervisor,
      (state) => state.workers[0]?.phase === "ready" && state.workers[0].restarts === 1,
    );
  });
});

describe("a worker with a model run that hangs", SLOW, () => {
  it("is replaced by one that is loaded first, finishes its other calls, and is ended from outside", async () => {
    await using harness = createHarness({ workers: 1, drainTimeoutMs: 60_000 });
    const port = await harness.start();
    const before = harness.supervisor.state().workers[0]?.pid;
    const running = begin(port, "/until-drain");
    await running.begun;
    await call(port, "/hang");
    const { workers } = await untilState(harness.supervisor, (state) => state.workers[0]?.restarts === 1);
    expect(workers[0]?.phase).toBe("ready");
    expect(workers[0]?.pid).not.toBe(before);
    expect(await running.outcome).toMatchObject({ status: 200, body: "begun ended" });
    await expect.poll(() => harness.log.join(""), PATIENT).toContain("SIGKILL: a run hangs");
    expect(harness.log.join("")).toContain("worker has a model run that hangs and is being replaced");
    expect(await harness.supervisor.metrics()).toMatch(/^bento_worker_replacements_total\{reason="hung"\} 1$/m);
  });
});
