import { describe, expect, it } from "vitest";
import { PATIENT, SLOW, begin, call, callJson, createHarness, untilState } from "./testing/harness.ts";

const calls = (text: string): number =>
  Number(/^bento_requests_total\{api="fixture",protocol="http",status="200"\} (\d+)$/m.exec(text)?.[1] ?? 0);

describe("metrics of a supervisor", SLOW, () => {
  it("sums over workers, and adds its own", async () => {
    await using harness = createHarness();
    const port = await harness.start();
    for (let index = 0; index < 6; index += 1) await call(port, "/");
    await expect.poll(async () => calls(await harness.supervisor.metrics()), PATIENT).toBe(6);
    const text = await harness.supervisor.metrics();
    expect(text).toContain('bento_workers{phase="ready"} 2\n');
    expect(text).toContain("bento_ready 1\n");
    expect(text).toContain('bento_worker_replacements_total{reason="death"} 0\n');
    await expect
      .poll(() => harness.supervisor.metrics(), PATIENT)
      .toMatch(/^bento_worker_resident_memory_bytes\{worker="1"\} \d{7,}$/m);
  });

  it("tells every worker the sums over all of them, of the metrics that it names", async () => {
    await using harness = createHarness();
    const port = await harness.start();
    for (let index = 0; index < 6; index += 1) await call(port, "/");
    const total = async (): Promise<number> => {
      const { snapshot } = await callJson(port, "/totals");
      const families = snapshot as readonly {
        readonly name: string;
        readonly values: readonly { readonly value: number }[];
      }[];
      expect(families.map(({ name }) => name)).toEqual(["bento_requests_total"]);
      return families[0]?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
    };
    // Both workers are asked in turn; each question is a call of its own.
    const first = await total();
    const second = await total();
    expect(first).toBeGreaterThanOrEqual(6);
    expect(second).toBeGreaterThan(first);
  });

  it("never lets a counter fall when a worker is replaced", async () => {
    await using harness = createHarness({
      timing: { restart: { firstDelayMs: 50, factor: 2, maxDelayMs: 1000, healthyMs: 60_000 } },
    });
    const port = await harness.start();
    for (let index = 0; index < 10; index += 1) await call(port, "/");
    await expect.poll(async () => calls(await harness.supervisor.metrics()), PATIENT).toBe(10);
    const { pid } = await callJson(port, "/");
    process.kill(Number(pid), "SIGKILL");
    await untilState(harness.supervisor, (state) => !state.ready);
    const seen: number[] = [calls(await harness.supervisor.metrics())];
    await untilState(harness.supervisor, (state) => state.ready);
    await call(port, "/");
    await expect.poll(async () => calls(await harness.supervisor.metrics()), PATIENT).toBeGreaterThanOrEqual(11);
    seen.push(calls(await harness.supervisor.metrics()));
    expect(seen[0]).toBeGreaterThanOrEqual(10);
    expect(await harness.supervisor.metrics()).toContain('bento_worker_replacements_total{reason="death"} 1\n');
  });

  it("answers with the last known numbers while a worker computes", async () => {
    await using harness = createHarness({ workers: 1 });
    const port = await harness.start();
    await call(port, "/");
    await expect.poll(async () => calls(await harness.supervisor.metrics()), PATIENT).toBe(1);
    const blocking = begin(port, "/block");
    await blocking.begun;
    const texts = await Promise.all([harness.supervisor.metrics(), harness.supervisor.metrics()]);
    expect(texts.map(calls)).toEqual([1, 1]);
  });

  it("replaces a worker past its memory mark without a call that fails", async () => {
    await using harness = createHarness({ workers: 2, memoryBytes: 1, timing: { memoryIntervalMs: 100 } });
    const port = await harness.start();
    const before = harness.supervisor.state().workers.map(({ pid }) => pid);
    const states: boolean[] = [];
    harness.supervisor.onChange((state) => states.push(state.ready));
    const failures: unknown[] = [];
    let isLoading = true;
    const callers = Array.from({ length: 4 }, async () => {
      while (isLoading) {
        const outcome = await call(port, "/");
        if ("error" in outcome || outcome.status !== 200) failures.push(outcome);
      }
    });
    await untilState(harness.supervisor, (state) => state.workers.every(({ pid }) => !before.includes(pid)));
    isLoading = false;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    expect(states).not.toContain(false);
    expect(await harness.supervisor.metrics()).toMatch(/^bento_worker_replacements_total\{reason="memory"\} [2-9]/m);
    expect(harness.log.join("")).toContain("worker is past its memory mark and is being replaced");
  });
});
