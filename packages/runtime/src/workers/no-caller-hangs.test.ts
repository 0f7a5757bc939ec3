import { readdirSync } from "node:fs";
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

const quickRestart = { restart: { firstDelayMs: 50, factor: 2, maxDelayMs: 1000, healthyMs: 60_000 } };

describe("connections and the death of workers", SLOW, () => {
  it("answers or resets every caller when a blocked worker is killed while connections wait for it", async () => {
    await using harness = createHarness({ timing: quickRestart });
    const port = await harness.start();
    const blocking = begin(port, "/block");
    await blocking.begun;
    // Half of these are meant for the blocked worker: one is on its way to it, and with node:cluster or a plain send it would hang for ever.
    const calls = Array.from({ length: 40 }, () => call(port, "/"));
    const free = await callJson(port, "/");
    const blockedPid = harness.supervisor.state().workers.find(({ pid }) => pid !== free.pid)?.pid;
    process.kill(Number(blockedPid), "SIGKILL");
    const outcomes = await Promise.all(calls);
    expect(await blocking.outcome).toEqual({ error: "ECONNRESET" });
    // A connection that the dead worker had not taken goes to another one, so here nobody is reset.
    expect(outcomes.map((outcome) => ("error" in outcome ? outcome.error : outcome.status))).toEqual(
      outcomes.map(() => 200),
    );
    await untilState(harness.supervisor, (state) => state.ready);
  });

  it("resets callers whose request the dead worker had taken, at once", async () => {
    await using harness = createHarness({ workers: 1, timing: quickRestart });
    const port = await harness.start();
    const calls = Array.from({ length: 10 }, () => begin(port, "/never"));
    await Promise.all(calls.map(({ begun }) => begun));
    process.kill(Number(harness.supervisor.state().workers[0]?.pid), "SIGKILL");
    expect(await Promise.all(calls.map(({ outcome }) => outcome))).toEqual(calls.map(() => ({ error: "ECONNRESET" })));
  });

  it("hangs no caller while both workers are killed again and again under load", async () => {
    await using harness = createHarness({ timing: quickRestart });
    const port = await harness.start();
    const outcomes: Outcome[] = [];
    let isLoading = true;
    const callers = Array.from({ length: 16 }, async () => {
      while (isLoading) outcomes.push(await call(port, "/"));
    });
    for (let round = 0; round < 6; round += 1) {
      const { workers } = await untilState(harness.supervisor, (state) => state.ready);
      const answered = outcomes.length;
      process.kill(Number(workers[round % 2]?.pid), "SIGKILL");
      await untilState(harness.supervisor, (state) => !state.ready);
      await expect.poll(() => outcomes.length, PATIENT).toBeGreaterThan(answered + 16);
    }
    isLoading = false;
    await Promise.all(callers);
    const failed = outcomes.filter((outcome) => "error" in outcome);
    expect(failed.length).toBeLessThan(outcomes.length / 2);
    expect(new Set(failed.map((outcome) => ("error" in outcome ? outcome.error : "")))).toSatisfy(
      (errors: Set<string>) => [...errors].every((error) => ["ECONNRESET", "EPIPE", "socket hang up"].includes(error)),
    );
  });

  it("closes a connection that a blocked worker does not take in time", async () => {
    await using harness = createHarness({ workers: 1, timing: { maxConnectionWaitMs: 200 } });
    const port = await harness.start();
    const blocking = begin(port, "/block");
    await blocking.begun;
    const onItsWay = await openConnection(port);
    onItsWay.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const waiting = await openConnection(port);
    expect(await Promise.all([untilClosed(onItsWay), untilClosed(waiting)])).toEqual(["end", "ECONNRESET"]);
    harness.supervisor.kill();
    expect(await blocking.outcome).toEqual({ error: "ECONNRESET" });
  });

  it("replaces a worker that gives no sign of life, and resets its callers", async () => {
    await using harness = createHarness({
      workers: 1,
      timing: { ...quickRestart, silentMs: 1100, unresponsiveMs: 2500 },
    });
    const port = await harness.start();
    const blocking = begin(port, "/block");
    expect(await blocking.outcome).toEqual({ error: "ECONNRESET" });
    expect(await call(port, "/")).toMatchObject({ status: 200 });
    expect(harness.log.join("")).toContain("no sign of life for 2.5 s");
  });

  it.skipIf(process.platform !== "linux")("leaks no descriptor over 2000 connections", async () => {
    await using harness = createHarness({ workers: 1 });
    const port = await harness.start();
    const descriptors = async (): Promise<{ readonly ours: number; readonly theirs: number }> => {
      const outcome = await call(port, "/fds");
      return { ours: readdirSync("/proc/self/fd").length, theirs: "body" in outcome ? Number(outcome.body) : -1 };
    };
    await descriptors();
    const before = await descriptors();
    for (let round = 0; round < 100; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => call(port, "/")));
      expect(outcomes.filter((outcome) => !("status" in outcome && outcome.status === 200))).toEqual([]);
    }
    await expect.poll(async () => (await descriptors()).ours, PATIENT).toBeLessThanOrEqual(before.ours + 2);
    await expect.poll(async () => (await descriptors()).theirs, PATIENT).toBeLessThanOrEqual(before.theirs + 2);
    await expect.poll(async () => harness.supervisor.metrics(), PATIENT).toMatch(/^bento_connections_open 0$/m);
  });
});
