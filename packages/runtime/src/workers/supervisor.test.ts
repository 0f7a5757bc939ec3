import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { PATIENT, SLOW, call, callJson, createHarness, openConnection, untilState } from "./testing/harness.ts";

const allReady = (restarts: number) => (state: { ready: boolean; workers: readonly { restarts: number }[] }) =>
  state.ready && state.workers.reduce((sum, worker) => sum + worker.restarts, 0) >= restarts;

describe("createSupervisor", SLOW, () => {
  it("opens the port once every worker is ready, and spreads connections over them", async () => {
    await using harness = createHarness();
    const phases: string[] = [];
    harness.supervisor.onChange((state) => phases.push(`${state.phase} ${state.ready}`));
    const port = await harness.start();
    expect(phases).toEqual(["starting false", "starting false", "serving true"]);
    expect(harness.supervisor.state()).toMatchObject({
      phase: "serving",
      ready: true,
      workers: [
        { id: 0, phase: "ready", restarts: 0, models: [{ source: "model.onnx", place: "inline" }] },
        { id: 1, phase: "ready", restarts: 0 },
      ],
    });
    const workers: string[] = [];
    const sockets = [];
    for (let index = 0; index < 10; index += 1) {
      const socket = await openConnection(port);
      socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
      const text = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(String(chunk))));
      workers.push(String(JSON.parse(text.slice(text.indexOf("{"))).worker));
      sockets.push(socket);
    }
    expect(workers.toSorted().join("")).toBe("0000011111");
    for (const socket of sockets) socket.destroy();
  });

  it("hands connections over half-open, as Node's own servers take them", async () => {
    await using harness = createHarness({ workers: 1 });
    expect(await call(await harness.start(), "/half-open")).toMatchObject({ body: "true" });
  });

  it("tells notices to every worker, the newest of a topic also to one that starts later", async () => {
    await using harness = createHarness({ workers: 1 });
    harness.supervisor.tell("colour", "red");
    const port = await harness.start();
    expect(await callJson(port, "/notices")).toEqual({ colour: "red" });
    harness.supervisor.tell("colour", { is: "blue" });
    await vi.waitFor(async () => expect(await callJson(port, "/notices")).toEqual({ colour: { is: "blue" } }), PATIENT);
    process.kill(Number((await callJson(port, "/")).pid), "SIGKILL");
    await untilState(harness.supervisor, allReady(1));
    expect(await callJson(port, "/notices")).toEqual({ colour: { is: "blue" } });
  });

  it("replaces a worker that is killed while the other one answers", async () => {
    await using harness = createHarness({
      timing: { restart: { firstDelayMs: 300, factor: 2, maxDelayMs: 1000, healthyMs: 60_000 } },
    });
    const port = await harness.start();
    const { pid, worker } = await callJson(port, "/");
    const lost = untilState(harness.supervisor, (state) => !state.ready);
    process.kill(Number(pid), "SIGKILL");
    expect((await lost).workers[Number(worker)]).toMatchObject({ phase: "dead", note: "ended (SIGKILL)" });
    const answers = await Promise.all(Array.from({ length: 8 }, () => callJson(port, "/")));
    expect(new Set(answers.map((answer) => answer.worker))).toEqual(new Set([1 - Number(worker)]));
    const state = await untilState(harness.supervisor, allReady(1));
    expect(state.workers[Number(worker)]).toMatchObject({ phase: "ready", restarts: 1, note: undefined });
    expect(harness.log.join("")).toContain("worker died");
  });

  it("keeps connections that come while no worker is alive, and answers them when one is", async () => {
    await using harness = createHarness({
      workers: 1,
      timing: { restart: { firstDelayMs: 50, factor: 2, maxDelayMs: 1000, healthyMs: 60_000 } },
    });
    const port = await harness.start();
    const { pid } = await callJson(port, "/");
    const dead = untilState(harness.supervisor, (state) => state.workers[0]?.phase === "dead");
    process.kill(Number(pid), "SIGKILL");
    await dead;
    const answers = await Promise.all(Array.from({ length: 5 }, () => callJson(port, "/")));
    expect(answers.map((answer) => answer.worker)).toEqual([0, 0, 0, 0, 0]);
    expect(answers[0]?.pid).not.toBe(pid);
  });

  it("closes connections that no worker can take in time", async () => {
    await using harness = createHarness({
      workers: 1,
      timing: {
        maxConnectionWaitMs: 100,
        restart: { firstDelayMs: 60_000, factor: 1, maxDelayMs: 60_000, healthyMs: 60_000 },
      },
    });
    const port = await harness.start();
    const { pid } = await callJson(port, "/");
    const dead = untilState(harness.supervisor, (state) => state.workers[0]?.phase === "dead");
    process.kill(Number(pid), "SIGKILL");
    await dead;
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => call(port, "/")));
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => ({ error: "ECONNRESET" })));
  });

  it("resets connections past its limit at once, and counts them", async () => {
    await using harness = createHarness({ maxConnections: 3 });
    const port = await harness.start();
    const held = [await openConnection(port), await openConnection(port), await openConnection(port)];
    expect(await call(port, "/")).toEqual({ error: "ECONNRESET" });
    expect(await harness.supervisor.metrics()).toContain('bento_connections_refused_total{reason="limit"} 1\n');
    for (const socket of held) socket.destroy();
    await expect.poll(() => call(port, "/"), PATIENT).toMatchObject({ status: 200 });
  });

  it("resets connections past the limit of one address, counts them, and says once which keys to change", async () => {
    await using harness = createHarness({ workers: 1, maxConnectionsPerIp: 2 });
    const port = await harness.start();
    const held = [await openConnection(port), await openConnection(port)];
    for (let round = 0; round < 2; round += 1) expect(await call(port, "/")).toEqual({ error: "ECONNRESET" });
    expect(await harness.supervisor.metrics()).toContain('bento_connections_refused_total{reason="limit-per-ip"} 2\n');
    const lines = harness.log.filter((line) => line.includes("server.limits.connectionsPerIp"));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: "warn", ip: "127.0.0.1", reason: "limit-per-ip" }),
    ]);
    for (const socket of held) socket.destroy();
    await expect.poll(() => call(port, "/"), PATIENT).toMatchObject({ status: 200 });
  });

  it("shows a worker whose service says that it is not ready", async () => {
    await using harness = createHarness({ workers: 1 });
    const port = await harness.start();
    await call(port, "/not-ready");
    const state = await untilState(harness.supervisor, ({ ready }) => !ready);
    expect(state.workers).toMatchObject([{ phase: "ready", note: "warming a cache" }]);
    await call(port, "/ready-again");
    await untilState(harness.supervisor, ({ ready }) => ready);
  });

  it("shows a worker as not ready while it gives no sign of life, and as ready when it is heard again", async () => {
    await using harness = createHarness({ workers: 1, timing: { silentMs: 2000 } });
    const port = await harness.start();
    const dir = mkdtempSync(join(tmpdir(), "bento-silent-"));
    const { pid } = await callJson(port, "/");
    const computing = call(port, `/compute-until?${encodeURIComponent(join(dir, "enough"))}`);
    const silent = await untilState(harness.supervisor, ({ ready }) => !ready);
    expect(silent).toMatchObject({
      phase: "serving",
      workers: [{ phase: "ready", note: "no sign of life for 2 s: it computes, or is stuck" }],
    });
    writeFileSync(join(dir, "enough"), "");
    expect(await computing).toMatchObject({ body: "computed" });
    const state = await untilState(harness.supervisor, ({ ready }) => ready);
    expect(state.workers).toMatchObject([{ phase: "ready", restarts: 0, note: undefined }]);
    expect(await callJson(port, "/")).toMatchObject({ pid });
    rmSync(dir, { recursive: true });
    expect(harness.log.map((line) => JSON.parse(line) as object)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ level: "warn", worker: 0, pid, reason: silent.workers[0]?.note }),
        expect.objectContaining({ level: "info", worker: 0, message: "worker is heard again" }),
      ]),
    );
  });

  it("sets the log level of its workers, also of those that come later", async () => {
    await using harness = createHarness({ workers: 1 });
    const port = await harness.start();
    harness.supervisor.setLogLevel("debug");
    await expect.poll(() => call(port, "/log-level"), PATIENT).toMatchObject({ body: "debug" });
    await call(port, "/crash");
    expect(await call(port, "/log-level")).toMatchObject({ body: "debug" });
  });

  it("tells each worker how many CPUs the others use", async () => {
    await using harness = createHarness();
    const port = await harness.start();
    const others = async (): Promise<number> => Number((await callJson(port, "/other-cpus"))["otherCpus"]);
    // What loading took is past.
    await expect.poll(others, PATIENT).toBeLessThan(0.1);
    const computeAndAsk = async (): Promise<number> => {
      await call(port, "/compute");
      return others();
    };
    await expect.poll(computeAndAsk, PATIENT).toBeGreaterThan(0.1);
  });

  it("takes no notice of messages that a service sends by itself", async () => {
    await using harness = createHarness({ workers: 1 });
    const port = await harness.start();
    expect(await call(port, "/junk")).toMatchObject({ body: "sent" });
    expect(await call(port, "/")).toMatchObject({ status: 200 });
    expect(harness.supervisor.state().ready).toBe(true);
  });
});
