import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runBacklog, type RunLine } from "./run-backlog.ts";
import { createRunQueue } from "./run-queue.ts";

describe("the line of a queue", () => {
  it("is of the runs that wait in it, not of those that have begun, and it is told when none waits any more", async () => {
    const idle: RunLine[] = [];
    runBacklog.onIdle((lines) => idle.push(...lines));
    const gate = Promise.withResolvers<void>();
    const gone = new AbortController();
    const [one, other] = [createRunQueue(), createRunQueue()];
    const runs = [one.run(() => gate.promise), one.run(() => gate.promise), other.run(() => gate.promise)];
    const aborted = one.run(() => gate.promise, { signal: gone.signal }).catch(() => "aborted");
    expect([one.line.waitingRuns, other.line.waitingRuns]).toEqual([2, 0]);
    gone.abort();
    expect(await aborted).toBe("aborted");
    expect(one.line.waitingRuns).toBe(1);
    await nextTurn();
    expect(idle).toEqual([]);
    gate.resolve();
    await Promise.all(runs);
    expect(one.line.waitingRuns).toBe(0);
    await nextTurn();
    expect(idle).toEqual([one.line]);
  });

  it("follows how long runs take", () => {
    const queue = createRunQueue();
    queue.ran(100);
    expect(queue.line.runMs).toBe(100);
    queue.ran(200);
    expect(queue.line.runMs).toBeCloseTo(110);
  });
});

describe("what calls of an API have before them", () => {
  it("is the line by which its runs go, of several that with the longest runs", () => {
    const [quick, slow] = [createRunQueue(), createRunQueue()];
    quick.ran(1);
    slow.ran(90);
    runBacklog.uses("light", quick.line);
    runBacklog.uses("both", quick.line);
    expect(runBacklog.lineOf("both")).toBe(quick.line);
    runBacklog.uses("both", slow.line);
    runBacklog.uses("both", quick.line);
    expect(runBacklog.lineOf("both")).toBe(slow.line);
    expect(runBacklog.lineOf("light")).toBe(quick.line);
  });

  it("is nothing while it was not seen to run a model, and what runs without a context go by once there are such", () => {
    expect(runBacklog.lineOf("plain")).toMatchObject({ waitingRuns: 0 });
    const unknown = createRunQueue();
    unknown.ran(90);
    runBacklog.uses(undefined, unknown.line);
    expect(runBacklog.lineOf("plain")).toBe(unknown.line);
  });

  it("is nothing of what was run before calls came", () => {
    const early = createRunQueue();
    early.ran(900);
    runBacklog.uses(undefined, early.line);
    expect(runBacklog.lineOf("later")).toBe(early.line);
    runBacklog.callsBegin();
    expect(runBacklog.lineOf("later")).toMatchObject({ waitingRuns: 0, runMs: undefined });
  });

  it("are its full batches beside the runs of its model, and it is told when there are none of either", async () => {
    const idle: RunLine[] = [];
    runBacklog.onIdle((lines) => idle.push(...lines));
    const queue = createRunQueue();
    queue.ran(30);
    runBacklog.uses("batched", queue.line);
    const batches = runBacklog.openBatches("batched");
    const line = runBacklog.lineOf("batched");
    const gate = Promise.withResolvers<void>();
    const runs = [queue.run(() => gate.promise), queue.run(() => gate.promise)];
    batches.joined();
    expect(line).toMatchObject({ waitingRuns: 2, runMs: 30 });
    batches.left();
    expect(line.waitingRuns).toBe(1);
    await nextTurn();
    expect(idle).toEqual([line]);
    gate.resolve();
    await Promise.all(runs);
    await nextTurn();
    expect(idle).toEqual([line, queue.line, line]);
  });
});
